import { expect, test } from "vitest";
import { VISIT_MS, Visits } from "./visits";

function world() {
  const at = { now: 5000, present: true, told: 0 };
  const visits = new Visits({ present: () => at.present, tell: () => at.told++, now: () => at.now });
  const act = (after: number) => {
    at.now += after;
    visits.acted();
    return at.told;
  };
  return { at, act };
}

test("the first act is told at once, then one a minute", () => {
  const { act } = world();
  expect(act(0)).toBe(1);
  for (let key = 0; key < 100; key++) expect(act(VISIT_MS / 101)).toBe(1);
  expect(act(VISIT_MS)).toBe(2);
});

test("what is done while hidden or offline is not told, then or later", () => {
  const { at, act } = world();
  at.present = false;
  expect(act(0)).toBe(0);
  at.present = true;
  expect(at.told).toBe(0);
  expect(act(1)).toBe(1); // it has not begun a minute either
});
