import { expect, test } from "vitest";
import { count, duration, percent, rate, some, upFor } from "./figures";

test.each([
  [undefined, "–"],
  [0, "0"],
  [0.04, "under 0.1"],
  [0.1, "0.1"],
  [3.44, "3.4"],
  [3, "3"],
  [9.96, "10"],
  [1249.6, "1,250"],
])("%s in a second are shown as %s", (n, want) => expect(rate(n)).toBe(want));

test.each([
  [undefined, "–"],
  [0, "under 0.01 ms"],
  [0.044, "0.04 ms"],
  [0.44, "0.4 ms"],
  [0.999, "1 ms"],
  [3.26, "3.3 ms"],
  [9.96, "10 ms"],
  [120.4, "120 ms"],
  [999.4, "999 ms"],
  [999.6, "1 s"],
  [1240, "1.2 s"],
  [65_000, "65 s"],
])("%s milliseconds are shown as %s", (ms, want) => expect(duration(ms)).toBe(want));

test.each([
  [undefined, "–"],
  [0, "0 %"],
  [0.004, "under 1 %"],
  [0.034, "3 %"],
  [1.5, "150 %"],
])("a part of %s is shown as %s", (part, want) => expect(percent(part)).toBe(want));

test.each([
  [0, "less than a minute"],
  [60_000, "1 minute"],
  [119 * 60_000, "119 minutes"],
  [120 * 60_000, "2 hours"],
  [47 * 3_600_000, "47 hours"],
  [49 * 3_600_000, "2 days"],
])("%d milliseconds are %s", (ms, want) => expect(upFor(ms)).toBe(want));

test("one is not many", () => {
  expect([some(1, "tab"), some(2, "tab"), some(1200, "query", "queries"), count(12_345)]).toEqual([
    "1 tab",
    "2 tabs",
    "1,200 queries",
    "12,345",
  ]);
});
