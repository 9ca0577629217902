import { expect, test } from "vitest";
import { SCHEMA } from "../../wire/schema.gen";
import { cellOf, columnsOf, json } from "./columns";
import { tableNamed } from "./tables";

test("columns are the key, then what was asked for in its order, then what came besides", () => {
  const table = tableNamed(SCHEMA, "projects");
  const columns = columnsOf(table, ["id"], ["title", "state", "created"], [{ id: "p", isolation: "none" }]);
  expect(columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "id id",
    "title text",
    "state json",
    "created time",
    "isolation text",
  ]);
});

test("the key stays where it was asked for", () => {
  expect(columnsOf(undefined, ["id"], ["title", "id"], []).map(({ name }) => name)).toEqual(["title", "id"]);
});

test("values are shown as people read them, and whole when pointed at", () => {
  const id = "aszjtwa4gsxbeeb7svwa3ei3lc";
  expect(cellOf(id, "id")).toEqual({ text: "aszjtwa4…", title: id, copy: id });
  expect(cellOf("site", "id")).toEqual({ text: "site" });
  expect(cellOf(1_700_000_000_000, "time")).toMatchObject({ title: "1700000000000" });
  expect(cellOf(new Uint8Array(1500), "bytes")).toEqual({ text: "1.5 KB" });
  expect(cellOf({ a: [1, null] }, "json")).toEqual({ text: '{"a":[1,null]}' });
  expect(cellOf(undefined, "text")).toBeUndefined();
  expect(cellOf(false, "boolean")).toEqual({ text: "false" });
});

test("bytes are written as lyceum.json has them", () => {
  expect(json({ update: new Uint8Array([1, 2, 255]) })).toBe('{"update":{"$bytes":"AQL/"}}');
});
