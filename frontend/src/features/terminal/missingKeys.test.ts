import { expect, test } from "vitest";
import { ESCAPE, sentBy, TAB, TOUCH_KEYS, withCtrl } from "./missingKeys";

const named = (name: string) => TOUCH_KEYS.find((key) => key.name === name) ?? ESCAPE;

test.each([
  ["c", "\x03"],
  ["C", "\x03"],
  ["d", "\x04"],
  ["[", "\x1b"],
  ["_", "\x1f"],
  ["/", "\x1f"],
  [" ", "\x00"],
  ["?", "\x7f"],
  ["1", "1"],
  ["ä", "ä"],
  ["\r", "\r"],
])("Ctrl and %j send %j", (text, sent) => expect(withCtrl(text)).toBe(sent));

// What a program asks the terminal is answered on the same way; Ctrl must not go to that.
test.each(["", "ab", "\x1b[1;1R", "👍🏽"])("%j is no key that Ctrl could be held with", (text) =>
  expect(withCtrl(text)).toBeUndefined(),
);

test("arrows are sent as the program has asked for, and with Ctrl as keyboards do", () => {
  expect(sentBy(named("Arrow up"), false, false)).toBe("\x1b[A");
  expect(sentBy(named("Arrow up"), false, true)).toBe("\x1bOA");
  expect(sentBy(named("Arrow left"), true, true)).toBe("\x1b[1;5D");
  expect(sentBy(named("Arrow right"), false, false)).toBe("\x1b[C");
});

test("the others send what stands on them", () => {
  expect(sentBy(ESCAPE, false, false)).toBe("\x1b");
  expect(sentBy(TAB, false, true)).toBe("\t");
  expect(sentBy(TAB, true, true)).toBe("\t");
  expect(sentBy(named("Tilde"), false, false)).toBe("~");
  expect(sentBy(named("Slash"), true, false)).toBe("\x1f");
});
