import { expect, test } from "vitest";
import { chosen, sorted } from "./sorting";

const rows = [
  { name: "projects", gets: 10 },
  { name: "accounts", gets: 200 },
  { name: "patches", gets: undefined },
  { name: "cursors", gets: 10 },
];
const names = (list: { name: string }[]) => list.map(({ name }) => name);

test("numbers are sorted as numbers, equal ones by name, and those without come last", () => {
  expect(names(sorted(rows, (row) => row.gets, true))).toEqual(["accounts", "cursors", "projects", "patches"]);
  expect(names(sorted(rows, (row) => row.gets, false))).toEqual(["cursors", "projects", "accounts", "patches"]);
});

test("choosing a column again turns it round; another begins where one looks first", () => {
  expect(chosen({ by: "gets", descending: true }, "gets", false)).toEqual({ by: "gets", descending: false });
  expect(chosen({ by: "gets", descending: true }, "sets", false)).toEqual({ by: "sets", descending: true });
  expect(chosen({ by: "gets", descending: true }, "name", true)).toEqual({ by: "name", descending: false });
});
