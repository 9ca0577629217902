import { Terminal } from "@xterm/xterm";
import { afterEach, expect, test } from "vitest";
import { openScreen } from "./screen";
import { CountedWidths } from "./widths";

/** What a program printed, and how tmux showed it; made by testdata/screens. */
interface Recording {
  program: string;
  cols: number;
  rows: number;
  /** In base64. */
  bytes: string;
  /** tmux's lines; colours go on from line to line. */
  screen: string[];
  cursor: [number, number];
}

const recordings = Object.values(import.meta.glob<Recording>("./recorded/*.json", { eager: true, import: "default" }));

const hosts: HTMLElement[] = [];
afterEach(() => hosts.splice(0).forEach((host) => host.remove()));

const written = (terminal: Terminal, data: string | Uint8Array) =>
  new Promise<void>((resolve) => terminal.write(data, resolve));

/**
 * Each line as its text, with a mark before every change of looks: colours, bold,
 * underlined, turned over. What is behind the last letter tmux does not tell.
 */
function looks(terminal: Terminal): string[] {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, y) => {
    const line = active.getLine(active.viewportY + y);
    let text = "";
    let last = "";
    let seen = 0; // length up to the last letter
    for (let x = 0; x < terminal.cols; x++) {
      const cell = line?.getCell(x);
      if (!cell || cell.getWidth() === 0) continue;
      const now = [
        `${cell.getFgColorMode()}:${cell.isFgDefault() ? "" : cell.getFgColor()}`,
        `${cell.getBgColorMode()}:${cell.isBgDefault() ? "" : cell.getBgColor()}`,
        cell.isBold() ? "bold" : "",
        cell.isUnderline() ? "under" : "",
        cell.isInverse() ? "inverse" : "",
      ].join(",");
      const blank = (cell.getChars() || " ") === " ";
      // Of a blank nobody sees more than what is behind it.
      const mark = blank && !cell.isInverse() && !cell.isUnderline() ? `,${now.split(",")[1] ?? ""},,,` : now;
      if (mark !== last && !(blank && last.split(",")[1] === mark.split(",")[1] && !/under|inverse/.test(last))) {
        text += `{${mark}}`;
        last = mark;
      }
      text += cell.getChars() || " ";
      if (!blank) seen = text.length;
    }
    return text.slice(0, seen);
  });
}

test("there is a recording of each program", () => {
  expect(recordings.map(({ program }) => program).toSorted()).toEqual(
    ["R", "bash", "htop", "less", "mc", "python", "tmux", "vim"].toSorted(),
  );
});

test.each(recordings)("$program looks as it does in another terminal", async (recording) => {
  const host = document.createElement("div");
  hosts.push(host);
  document.body.append(host);
  const shown = openScreen(host, "shell", { colours: "light", fontSize: 14, screenReader: false });
  shown.terminal.loadAddon(new CountedWidths());
  shown.terminal.resize(recording.cols, recording.rows);
  await written(
    shown.terminal,
    Uint8Array.from(atob(recording.bytes), (letter) => letter.charCodeAt(0)),
  );

  const truth = new Terminal({ allowProposedApi: true, cols: recording.cols, rows: recording.rows });
  truth.loadAddon(new CountedWidths());
  await written(truth, "\x1b)0"); // tmux says lines of boxes by the second set of letters
  for (const [y, line] of recording.screen.entries()) await written(truth, `\x1b[${y + 1};1H${line}`);

  expect(looks(shown.terminal)).toEqual(looks(truth));
  const { cursorX, cursorY } = shown.terminal.buffer.active;
  expect([cursorX, cursorY]).toEqual(recording.cursor);
  truth.dispose();
  shown.close();
});
