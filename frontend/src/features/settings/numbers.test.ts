import { expect, test } from "vitest";
import { FONT_SIZES, numberWithin } from "./numbers";

test.each([
  ["14", 14],
  [" 8 ", 8],
  ["40", 40],
  ["41", undefined],
  ["7", undefined],
  ["", undefined],
  ["1e1", undefined],
  ["12.5", undefined],
  ["-9", undefined],
])("a font size of %j is %s", (text, value) => {
  expect(numberWithin(text, FONT_SIZES)).toBe(value);
});
