import { expect, test } from "vitest";
import { pathsOf } from "./sparkline";

test("the newest is at the right, the greatest at the top, nothing at the bottom", () => {
  const points = [
    { time: 0, value: 0 },
    { time: 60_000, value: 5 },
    { time: 120_000, value: 10 },
  ];
  expect(pathsOf(points)).toEqual(["M0 100L50 50L100 0"]);
});

test("a short while fills a part of the width", () => {
  const points = [
    { time: 0, value: 1 },
    { time: 30_000, value: 1 },
  ];
  expect(pathsOf(points)).toEqual(["M50 0L100 0"]);
});

test("where there is no value the line is broken, and a single one is a dot", () => {
  const points = [
    { time: 0, value: 1 },
    { time: 60_000, value: undefined },
    { time: 120_000, value: 1 },
  ];
  expect(pathsOf(points)).toEqual(["M0 0h0", "M100 0h0"]);
});

test("nothing but zero is a line at the bottom, and nothing at all is none", () => {
  const points = [
    { time: 0, value: 0 },
    { time: 60_000, value: 0 },
  ];
  expect(pathsOf(points)).toEqual(["M0 100L100 100"]);
  expect(pathsOf([])).toEqual([]);
});
