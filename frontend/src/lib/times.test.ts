import { expect, test } from "vitest";
import { ago } from "./times";

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
