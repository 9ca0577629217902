import { expect, test } from "vitest";
import { merged } from "./merge";

test("Q7: a set merges deeply, and $unset removes", () => {
  expect(
    merged(
      { id: "a", editor_settings: { theme: "auto", font_size: 14 }, note: "x" },
      { editor_settings: { theme: "dark" }, note: { $unset: true } },
    ),
  ).toEqual({ id: "a", editor_settings: { theme: "dark", font_size: 14 } });
});

test("lists and bytes are replaced whole", () => {
  const bytes = new Uint8Array([1]);
  expect(merged({ a: [1, 2], b: new Uint8Array([9]) }, { a: [3], b: bytes })).toEqual({ a: [3], b: bytes });
});
