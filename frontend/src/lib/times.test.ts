import { expect, test } from "vitest";
import { ago, parseSpan, span } from "./times";

const now = new Date(2026, 5, 15, 12, 0, 0).getTime();
const minutes = (n: number) => n * 60_000;

test.each([
  [0, "just now"],
  [-minutes(2), "just now"],
  [minutes(1), "1 minute ago"],
  [minutes(59.4), "59 minutes ago"],
  [minutes(60), "1 hour ago"],
  [minutes(23 * 60 + 59), "23 hours ago"],
  [minutes(25 * 60), "yesterday"],
  [minutes(3 * 24 * 60), "3 days ago"],
])("%i ms ago is %s", (past, words) => {
  expect(ago(now - past, now)).toBe(words);
});

test("a date of this year has no year, an older one has", () => {
  expect(ago(new Date(2026, 2, 12).getTime(), now)).toBe("March 12");
  expect(ago(new Date(2024, 2, 12).getTime(), now)).toBe("March 12, 2024");
});

test.each([
  [1, "1 second"],
  [90, "90 seconds"],
  [5400, "90 minutes"],
  [7200, "2 hours"],
  [86_400, "1 day"],
])("%d seconds are %s", (seconds, words) => {
  expect(span(seconds)).toBe(words);
  expect(parseSpan(words)).toBe(seconds);
});

test.each([
  ["1.5 h", 5400],
  ["90min", 5400],
  ["2 Days", 172_800],
  ["2", undefined],
  ["2 weeks", undefined],
  ["soon", undefined],
])("%s is a time of %d seconds", (text, want) => expect(parseSpan(text)).toBe(want));
