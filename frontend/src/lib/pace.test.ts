import { expect, test } from "vitest";
import { pace, push, tick } from "./pace";

// A restart takes a tenth of a second: without this, who watches sees nothing happen.
test("values that come at once are shown one after the other", () => {
  let shown = pace("running");
  for (const state of ["stopping", "starting", "running"]) shown = push(shown, state);
  const seen = [];
  for (let n = 0; n < 5; n++) {
    seen.push(shown.queue[0]);
    shown = tick(shown);
  }
  expect(seen).toEqual(["stopping", "starting", "running", "running", "running"]);
});

test("a value after a pause is shown at once", () => {
  expect(push(tick(push(pace("a"), "b")), "c").queue).toEqual(["c"]);
});

test("the same value again changes nothing", () => {
  const shown = push(pace("a"), "b");
  expect(push(shown, "b")).toBe(shown);
});

test("of very many, the last is not lost and the wait is bounded", () => {
  let shown = pace(0);
  for (let n = 1; n <= 100; n++) shown = push(shown, n);
  expect(shown.queue).toHaveLength(7);
  expect(shown.queue.at(-1)).toBe(100);
});
