import { expect, test } from "vitest";
import { entriesOf, mayBeText } from "./listing";

const rows = {
  "slide10.tex": { kind: "file", size: 5, modified: 300 },
  "slide2.tex": { kind: "file", size: 50, modified: 100 },
  Notes: { kind: "directory", size: 4096, modified: 200 },
  ".git": { kind: "directory", size: 4096, modified: 1 },
  "latest.pdf": { kind: "link" },
  pipe: { kind: "fifo" },
};

const names = (by: "name" | "size" | "modified", descending = false) =>
  entriesOf(rows, { by, descending }, false).map((entry) => entry.name);

test("folders come first, numbers count as numbers", () => {
  expect(names("name")).toEqual(["Notes", "latest.pdf", "pipe", "slide2.tex", "slide10.tex"]);
});

test("sorting downwards keeps folders first", () => {
  expect(names("name", true)).toEqual(["Notes", "slide10.tex", "slide2.tex", "pipe", "latest.pdf"]);
  expect(names("size", true).slice(0, 3)).toEqual(["Notes", "slide2.tex", "slide10.tex"]);
  expect(names("modified", true).slice(0, 3)).toEqual(["Notes", "slide10.tex", "slide2.tex"]);
});

test("hidden entries are shown when asked for", () => {
  const shown = entriesOf(rows, { by: "name", descending: false }, true);
  expect(shown[0]).toMatchObject({ name: ".git", hidden: true, size: undefined });
});

test("what no kind is known of is “other” and has no size", () => {
  const pipe = entriesOf(rows, { by: "name", descending: false }, false).find((entry) => entry.name === "pipe");
  expect(pipe).toMatchObject({ kind: "other", size: undefined });
});

test("pictures are downloaded, text and unknown files are opened", () => {
  expect(["png", "pdf", "gz"].some(mayBeText)).toBe(false);
  expect(["tex", "md", "", "conf"].every(mayBeText)).toBe(true);
});
