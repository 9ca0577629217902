import { expect, test } from "vitest";
import { quoted } from "./quote";

test.each([
  ["a.txt", "a.txt"],
  ["a b.txt", "'a b.txt'"],
  ["it's", `'it'\\''s'`],
  ["$(rm x)", "'$(rm x)'"],
  ["-rf", "'-rf'"],
  ["", "''"],
])("%j is one word for a shell", (text, want) => expect(quoted(text)).toBe(want));
