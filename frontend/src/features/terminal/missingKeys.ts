/** A key that telephones do not have, or only behind others. */
export interface TouchKey {
  /** What stands on it. */
  face: string;
  /** What a screen reader says. */
  name: string;
  /** What it types; an arrow is its letter. */
  types: string | { arrow: "A" | "B" | "C" | "D" };
}

/** In the order of use: on a narrow screen the last ones have to be scrolled to. */
export const TOUCH_KEYS: readonly TouchKey[] = [
  { face: "↑", name: "Arrow up", types: { arrow: "A" } },
  { face: "↓", name: "Arrow down", types: { arrow: "B" } },
  { face: "←", name: "Arrow left", types: { arrow: "D" } },
  { face: "→", name: "Arrow right", types: { arrow: "C" } },
  { face: "|", name: "Vertical bar", types: "|" },
  { face: "/", name: "Slash", types: "/" },
  { face: "-", name: "Hyphen", types: "-" },
  { face: "~", name: "Tilde", types: "~" },
];

export const ESCAPE: TouchKey = { face: "Esc", name: "Esc", types: "\x1b" };
export const TAB: TouchKey = { face: "Tab", name: "Tab", types: "\t" };

/**
 * What a key sends, as xterm would for one of a keyboard.
 *
 * @param application whether the program has asked for arrows of its own (DECCKM)
 */
export function sentBy({ types }: TouchKey, ctrl: boolean, application: boolean): string {
  if (typeof types === "string") return ctrl ? (withCtrl(types) ?? types) : types;
  if (ctrl) return `\x1b[1;5${types.arrow}`;
  return `\x1b${application ? "O" : "["}${types.arrow}`;
}

/** What a key sends while Ctrl is held; undefined for what is no key, as a paste or an answer to a program. */
export function withCtrl(text: string): string | undefined {
  if (text.length !== 1) return;
  const code = CONTROLS.indexOf(text.toUpperCase());
  if (code >= 0) return String.fromCharCode(code);
  return SAME.get(text) ?? text;
}

/** The characters whose control codes are 0, 1, 2 and so on. */
const CONTROLS = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_";

/** Others that terminals take for one of these. */
const SAME = new Map([
  [" ", "\x00"],
  ["/", "\x1f"],
  ["-", "\x1f"],
  ["~", "\x1e"],
  ["|", "\x1c"],
  ["?", "\x7f"],
]);
