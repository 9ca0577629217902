/** The most that the server takes at once (T4). */
const MAX_BYTES = 1024 * 1024;

/** What to do with a text that is pasted. */
export type PasteAct =
  | { act: "paste"; text: string }
  /** Its lines would be carried out one by one as they arrive: ask first. */
  | { act: "ask"; text: string; lines: number }
  | { act: "refuse"; message: string };

/**
 * Decides about a text that is pasted. A program that has switched bracketed
 * paste on takes many lines as one text; without that each line break is Enter.
 * Who pastes one line, with its end or without, is never asked.
 *
 * Control characters but tab and line ends become harmless: what a web page has
 * put into the clipboard could otherwise end the bracket, and go on as if typed.
 */
export function pasteAct(pasted: string, bracketed: boolean): PasteAct {
  if (pasted.length > MAX_BYTES || new TextEncoder().encode(pasted).length > MAX_BYTES - BRACKETS)
    return { act: "refuse", message: "This is more than 1024 KiB at once. Please put it into a file, and read that." };
  const text = pasted.replace(CONTROLS, "\u{fffd}");
  const lines = text.replace(/\r?\n$/, "").split(/\r\n|\r|\n/).length;
  return bracketed || lines === 1 ? { act: "paste", text } : { act: "ask", text, lines };
}

/** What bracketed paste puts around a text, in bytes. */
const BRACKETS = 12;

const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g; // oxlint-disable-line no-control-regex
