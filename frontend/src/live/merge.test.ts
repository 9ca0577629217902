import { describe, expect, test } from "vitest";
import type { Row } from "../wire/types.gen";
import { merged, shownOf } from "./merge";

const unset = { $unset: true };

describe("a set that meets what has come since it was made", () => {
  const base = { id: "a", title: "T", settings: { theme: "auto", size: 14, deep: { x: 1, y: 2 } } };
  test.each<[string, Row, Row, Row]>([
    ["only we changed it", { title: "ours" }, {}, { ...base, title: "ours" }],
    ["only they changed it", {}, { title: "theirs" }, { ...base, title: "theirs" }],
    ["each another field", { title: "ours" }, { note: "theirs" }, { ...base, title: "ours", note: "theirs" }],
    ["both the same field: the set comes last", { title: "ours" }, { title: "theirs" }, { ...base, title: "ours" }],
    [
      "each another key of a map",
      { settings: { theme: "dark" } },
      { settings: { size: 20 } },
      { ...base, settings: { theme: "dark", size: 20, deep: { x: 1, y: 2 } } },
    ],
    [
      "each another leaf deep in maps",
      { settings: { deep: { x: 7 } } },
      { settings: { deep: { y: 8 } } },
      { ...base, settings: { theme: "auto", size: 14, deep: { x: 7, y: 8 } } },
    ],
    [
      "we remove a key, they change another",
      { settings: { theme: unset } },
      { settings: { size: 20 } },
      { ...base, settings: { size: 20, deep: { x: 1, y: 2 } } },
    ],
    [
      "we set in a map that they have removed",
      { settings: { theme: "dark" } },
      { settings: unset },
      { id: "a", title: "T", settings: { theme: "dark" } },
    ],
    ["we remove a map in which they set", { settings: unset }, { settings: { size: 20 } }, { id: "a", title: "T" }],
    ["what is removed from nothing is not there", { more: { a: unset, b: 1 } }, {}, { ...base, more: { b: 1 } }],
  ])("%s", (_, ours, theirs, together) => {
    expect(merged(merged(base, theirs), ours)).toEqual(together);
  });
});

test("lists and bytes are replaced whole, and what the schema says is", () => {
  const bytes = new Uint8Array([1]);
  expect(merged({ a: [1, 2], b: new Uint8Array([9]) }, { a: [3], b: bytes })).toEqual({ a: [3], b: bytes });
  expect(merged({ request: { action: "stop", error: "x" } }, { request: { action: "start" } }, ["request"])).toEqual({
    request: { action: "start" },
  });
});

test("of a set a view shows what it asks for, however deep", () => {
  const set = { title: "T", note: "n", settings: { theme: "dark", size: 2 }, when: 5, gone: unset };
  expect(shownOf(set, { title: null, settings: { theme: null }, when: { ">": 3 }, gone: { a: null } })).toEqual({
    title: "T",
    settings: { theme: "dark" },
    when: 5,
    gone: unset,
  });
  expect(shownOf(set, { settings: {} })).toEqual({ settings: { theme: "dark", size: 2 } });
});
