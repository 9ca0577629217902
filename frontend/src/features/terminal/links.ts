import type { ILink, ILinkProvider, Terminal } from "@xterm/xterm";
import type { Place } from "../../lib/place";
import { MAX_NAMES } from "./protocol";

/** Longer lines are not searched: they are data. */
const MAX_LINE = 2000;

/** How many rows of a wrapped line are looked at on either side: MAX_LINE in a narrow window. */
const MAX_ROWS = 50;

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
  return found;
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
      const { text, places: cells } = lineAt(terminal, y - 1);
      // What stands in other rows only is asked for there.
      const possible = candidates(text)
        .filter(({ at, length }) => (cells[at]?.y ?? y) <= y && y <= (cells[at + length - 1]?.y ?? y))
        .slice(0, MAX_NAMES);
      if (possible.length === 0) return callback(undefined);
      void ask(possible.map((one) => one.text)).then((places) =>
        callback(
          possible.flatMap(({ text: name, at, length }, index): ILink[] => {
            const place = places[index];
            const [start, end] = [cells[at], cells[at + length - 1]];
            if (!place || !start || !end) return [];
            return [{ text: name, range: { start, end }, activate: () => onOpen(place) }];
          }),
        ),
      );
    },
  };
}

/** A cell of the buffer, from 1. */
interface Cell {
  x: number;
  y: number;
}

/**
 * The line that a row is part of, over all rows that it was wrapped into, and the
 * cell of each of its letters: wide ones take two.
 */
function lineAt(terminal: Terminal, row: number): { text: string; places: Cell[] } {
  const { active } = terminal.buffer;
  let first = row;
  while (first > 0 && row - first < MAX_ROWS && active.getLine(first)?.isWrapped) first--;
  let text = "";
  const places: Cell[] = [];
  for (let y = first; y - first < 2 * MAX_ROWS; y++) {
    const line = active.getLine(y);
    if (!line || (y > first && !line.isWrapped)) break;
    for (let x = 0; x < terminal.cols; x++) {
      const cell = line.getCell(x);
      if (!cell || cell.getWidth() === 0) continue;
      // A wide letter that has no room leaves the last cell of a row empty.
      if (cell.getChars() === "" && x === terminal.cols - 1 && active.getLine(y + 1)?.isWrapped) continue;
      const letters = cell.getChars() || " ";
      for (let part = 0; part < letters.length; part++) places.push({ x: x + 1, y: y + 1 });
      text += letters;
    }
  }
  return { text: text.trimEnd(), places };
}
