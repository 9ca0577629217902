/** What a key means to the terminal's window itself, before the shell sees it. */
export type KeyAct =
  /** Nothing special: the shell gets it. */
  | "shell"
  /** The browser copies or pastes, as it does everywhere. */
  | "browser"
  /** We copy, because the browser does something else on this key. */
  | "copy"
  | "find"
  /** The focus leaves the terminal: who has no mouse must be able to go on. */
  | "leave";

/** What of a keyboard event decides. */
export type Key = Pick<KeyboardEvent, "type" | "key" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">;

/**
 * Sorts a key as eyes and hands expect it: Ctrl-C copies when something is
 * selected and interrupts otherwise, Ctrl-V pastes, Ctrl-F6 leaves; Ctrl-Insert
 * and Shift-Insert do as they do elsewhere.
 */
export function actOf(event: Key, selected: boolean): KeyAct {
  if (event.type !== "keydown" || event.altKey || event.metaKey) return "shell";
  if (event.shiftKey && event.key === "Insert") return "browser";
  if (!event.ctrlKey) return "shell";
  const key = event.key.toLowerCase();
  if (key === "f6") return "leave";
  if (key === "v") return "browser";
  if (key === "insert") return "copy";
  if (event.shiftKey) return key === "c" ? "copy" : key === "f" ? "find" : "shell";
  return key === "c" && selected ? "browser" : "shell";
}
