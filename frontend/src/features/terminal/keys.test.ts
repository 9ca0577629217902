import { expect, test } from "vitest";
import { actOf, type Key } from "./keys";

const press = (text: string): Key => {
  const parts = text.split("-");
  const has = (name: string) => parts.includes(name);
  return {
    type: "keydown",
    key: parts.at(-1) ?? "",
    ctrlKey: has("Ctrl"),
    shiftKey: has("Shift"),
    altKey: has("Alt"),
    metaKey: has("Meta"),
  };
};

test.each([
  ["Ctrl-c", false, "shell"],
  ["Ctrl-c", true, "browser"],
  ["Ctrl-v", false, "browser"],
  ["Ctrl-Shift-C", true, "copy"],
  ["Ctrl-Shift-V", false, "browser"],
  ["Ctrl-Shift-F", false, "find"],
  ["Ctrl-F6", false, "leave"],
  ["F6", false, "shell"],
  ["Ctrl-Alt-c", true, "shell"],
  ["Meta-c", true, "shell"],
  ["Ctrl-d", true, "shell"],
  ["Ctrl-Insert", true, "copy"],
  ["Shift-Insert", false, "browser"],
  ["Insert", false, "shell"],
])("%s with a selection %s goes to: %s", (keys, selected, want) => {
  expect(actOf(press(keys), selected)).toBe(want);
});
