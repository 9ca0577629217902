import type { ILink, ILinkProvider, Terminal } from "@xterm/xterm";
import type { Place } from "../../lib/place";
import { MAX_NAMES } from "./protocol";

/** Longer lines are not searched: they are data. */
const MAX_LINE = 2000;

/** How long an answer holds; files come and go. */
const FRESH_MS = 3000;

/** How many answers are kept. */
const MAX_KEPT = 500;

/** A part of a line that may be the name of a file. */
export interface Candidate {
  text: string;
  /** Where it stands in the line. */
  at: number;
  length: number;
}

/**
 * The parts of a line that may name a file: with a slash, an ending or a line
 * number. Python's and R's own way of saying a line is read, too.
 */
export function candidates(line: string): Candidate[] {
  if (line.length > MAX_LINE) return [];
  const found: Candidate[] = [];
  for (const match of line.matchAll(/File "([^"]+)", line (\d+)/g)) {
    found.push({ text: `${match[1] ?? ""}:${match[2] ?? ""}`, at: match.index, length: match[0].length });
  }
  for (const match of line.matchAll(/[^\s"'`<>()[\]{}|;,=*]+/g)) {
    const text = match[0].replace(/[.:!?]+$/, "");
    if (!/[/.]|:\d/.test(text) || /^[./:]+$/.test(text) || text.includes("://")) continue;
    if (found.some((one) => match.index >= one.at && match.index < one.at + one.length)) continue;
    found.push({ text, at: match.index, length: text.length });
  }
  return found.slice(0, MAX_NAMES);
}

/** Makes links of the names of files in the output, of those that there are. */
export function fileLinks(
  terminal: Terminal,
  find: (names: readonly string[]) => Promise<readonly (Place | undefined)[]>,
  onOpen: (place: Place) => void,
): ILinkProvider {
  const kept = new Map<string, { place: Place | undefined; at: number }>();
  const ask = async (names: readonly string[]) => {
    const now = Date.now();
    const unknown = names.filter((name) => now - (kept.get(name)?.at ?? -FRESH_MS) >= FRESH_MS);
    const places = await find(unknown);
    if (kept.size > MAX_KEPT) kept.clear();
    if (places.length === unknown.length) unknown.forEach((name, at) => kept.set(name, { place: places[at], at: now }));
    return names.map((name) => kept.get(name)?.place);
  };
  return {
    provideLinks(y, callback) {
      const line = terminal.buffer.active.getLine(y - 1);
      const { text, columns } = line ? textOf(line, terminal.cols) : { text: "", columns: [] };
      const possible = candidates(text);
      if (possible.length === 0) return callback(undefined);
      void ask(possible.map((one) => one.text)).then((places) =>
        callback(
          possible.flatMap(({ text: name, at, length }, index): ILink[] => {
            const place = places[index];
            if (!place) return [];
            return [
              {
                text: name,
                range: {
                  start: { x: (columns[at] ?? 0) + 1, y },
                  end: { x: (columns[at + length - 1] ?? columns.at(-1) ?? 0) + 1, y },
                },
                activate: () => onOpen(place),
              },
            ];
          }),
        ),
      );
    },
  };
}

/** The text of a line, and the column of each of its letters: wide ones take two. */
function textOf(
  line: { getCell(x: number): { getChars(): string; getWidth(): number } | undefined },
  cols: number,
): { text: string; columns: number[] } {
  let text = "";
  const columns: number[] = [];
  for (let x = 0; x < cols; x++) {
    const cell = line.getCell(x);
    if (!cell || cell.getWidth() === 0) continue;
    const letters = cell.getChars() || " ";
    for (let part = 0; part < letters.length; part++) columns.push(x);
    text += letters;
  }
  return { text: text.trimEnd(), columns };
}
