import { expect, test } from "vitest";
import { candidates } from "./links";

const names = (line: string) => candidates(line).map(({ text }) => text);

test.each([
  ["src/a.c:12:5: error: no", ["src/a.c:12:5"]],
  ["see ./notes.txt, or (docs/b.md).", ["./notes.txt", "docs/b.md"]],
  ['  File "/home/user/x y.py", line 3, in f', ["/home/user/x y.py:3"]],
  ["Makefile:7: *** missing", ["Makefile:7"]],
  ["-rw-r--r-- 1 user user 12 main.go", ["main.go"]],
  ["just words here", []],
  ["https://example.org/a.b", []],
  ["... / ..", []],
])("what may name a file in %j", (line, want) => expect(names(line)).toEqual(want));

test("a line of data is not searched", () => {
  expect(candidates("a/b ".repeat(1000))).toEqual([]);
  expect(candidates("a/b ".repeat(400)).length).toBe(64);
});
