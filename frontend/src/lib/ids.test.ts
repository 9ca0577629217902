import { expect, test } from "vitest";
import { newID } from "./ids";

test("ids have the server's form and differ", () => {
  const ids = Array.from({ length: 100 }, newID);
  for (const id of ids) expect(id).toMatch(/^[a-z2-7]{26}$/);
  expect(new Set(ids).size).toBe(100);
});
