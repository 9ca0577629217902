import { expect, test } from "vitest";
import { backoff } from "./backoff";

test("waits double up to a bound and are spread over their upper half", () => {
  expect([0, 1, 2].map((attempt) => backoff(attempt, 0))).toEqual([250, 500, 1000]);
  expect(backoff(3, 0.999)).toBeLessThanOrEqual(4000);
  expect(backoff(1000, 0.999)).toBeLessThanOrEqual(20_000);
});
