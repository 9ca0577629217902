import { expect, test } from "vitest";
import { pasteAct } from "./paste";

test.each(["ls", "ls\n", "ls\r\n", "a\tb", ""])("one line is never asked about: %j", (text) =>
  expect(pasteAct(text, false)).toEqual({ act: "paste", text }),
);

test.each([
  ["a\nb", 2],
  ["a\r\nb\r\n", 2],
  ["a\rb", 2],
  ["a\n\nb", 3],
])("many lines are asked about where each would be carried out: %j", (text, lines) => {
  expect(pasteAct(text, false)).toEqual({ act: "ask", text, lines });
  expect(pasteAct(text, true)).toEqual({ act: "paste", text });
});

test("what is pasted cannot end its bracket and go on as if typed", () => {
  expect(pasteAct("a\x1b[201~rm -rf x\n\x03\x9b", true)).toEqual({
    act: "paste",
    text: "a\u{fffd}[201~rm -rf x\n\u{fffd}\u{fffd}",
  });
});

test("more than the server takes is refused with a way out", () => {
  expect(pasteAct("x".repeat(1024 * 1024 - 12), false).act).toBe("paste");
  expect(pasteAct("x".repeat(1024 * 1024 - 11), false)).toMatchObject({
    act: "refuse",
    message: expect.stringContaining("into a file"),
  });
  expect(pasteAct("é".repeat(600_000), true).act).toBe("refuse");
});
