import { expect, test } from "vitest";
import type { ILink, Terminal } from "@xterm/xterm";
import { candidates, fileLinks } from "./links";

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
});

/** A terminal with these rows; one that begins with ↳ goes on the row before, · is a cell that a wide letter left empty. */
function terminalOf(cols: number, rows: readonly string[]): Terminal {
  const lines = rows.map((row) => {
    const cells = [...row.replace("↳", "")].flatMap((letter): [string, number][] => {
      const own: [string, number] = [letter === "·" ? "" : letter, letter === "中" ? 2 : 1];
      return own[1] === 2 ? [own, ["", 0]] : [own];
    });
    return {
      isWrapped: row.startsWith("↳"),
      getCell: (x: number) => ({ getChars: () => cells[x]?.[0] ?? "", getWidth: () => cells[x]?.[1] ?? 1 }),
    };
  });
  return { cols, buffer: { active: { getLine: (y: number) => lines[y] } } } as unknown as Terminal;
}

/** The links of a row from 1, each as its text and its range; every name that is asked for is there. */
async function linksOf(terminal: Terminal, y: number): Promise<{ links: string[]; asked: readonly string[] }> {
  let asked: readonly string[] = [];
  const provider = fileLinks(
    terminal,
    (names) => {
      asked = names;
      return Promise.resolve(names.map((path) => ({ path, folder: false })));
    },
    () => {},
  );
  const links = await new Promise<ILink[] | undefined>((resolve) => provider.provideLinks(y, resolve));
  const words = ({ text, range: { start, end } }: ILink) => `${text} ${start.x},${start.y} to ${end.x},${end.y}`;
  return { links: (links ?? []).map(words), asked };
}

test("a name that is wrapped is one link, found from each of its rows", async () => {
  const wrapped = terminalOf(10, ["see a.txt ", "↳src/long-n", "↳ame.c:12 b", "↳.txt", "c.txt"]);
  const long = "src/long-name.c:12 1,2 to 8,3";
  expect((await linksOf(wrapped, 1)).links).toEqual(["a.txt 5,1 to 9,1"]);
  expect((await linksOf(wrapped, 2)).links).toEqual([long]);
  expect((await linksOf(wrapped, 3)).links).toEqual([long, "b.txt 10,3 to 4,4"]);
  expect((await linksOf(wrapped, 5)).links).toEqual(["c.txt 1,5 to 5,5"]);
});

test("a wide letter that did not fit into a row does not break a name", async () => {
  const wrapped = terminalOf(6, ["a/中b·", "↳中.c"]);
  expect((await linksOf(wrapped, 2)).links).toEqual(["a/中b中.c 1,1 to 4,2"]);
});

test("no more names are asked for than are looked at", async () => {
  expect((await linksOf(terminalOf(800, ["a/b ".repeat(200)]), 1)).asked).toHaveLength(64);
});
