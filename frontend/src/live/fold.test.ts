import { expect, test } from "vitest";
import type { Answer, Changes, Row } from "../wire/types.gen";
import { fold, noRows, type Rows } from "./fold";
import { orderOf } from "./order";

const key = ["id"];
const at = (n: number) => ({ log: "a", n });
const start = (...rows: Row[]): Answer => ({ op: "answer", id: 1, rows, position: at(1), start: true });
const change = (n: number, ...changes: Changes["changes"]): Changes => ({
  op: "change",
  id: 1,
  changes,
  position: at(n),
});
const ids = (rows: Rows) => rows.list.map((row) => row["id"]);

const two = fold(noRows, start({ id: "a", title: "A", users: {} }, { id: "b", title: "B" }), key);

test("L1: rows first, then what happens to them", () => {
  expect(ids(two)).toEqual(["a", "b"]);
  const three = fold(two, change(2, { action: "insert", new_val: { id: "c", title: "C" } }), key);
  expect(ids(three)).toEqual(["a", "b", "c"]);
  expect(three.position).toEqual(at(2));
});

// After a reconnect the server may repeat changes: a row must not appear twice or come back.
test.each<[string, Changes]>([
  ["insert", change(2, { action: "insert", new_val: { id: "c", title: "C" } })],
  ["update", change(2, { action: "update", new_val: { id: "a", title: "new" }, old_val: { id: "a" } })],
  ["delete", change(2, { action: "delete", old_val: { id: "a" } })],
  [
    "two of one row",
    change(2, { action: "delete", old_val: { id: "a" } }, { action: "insert", new_val: { id: "a", title: "again" } }),
  ],
])("L1: %s twice is the same as once", (_, message) => {
  const once = fold(two, message, key);
  expect(fold(once, message, key)).toEqual(once);
});

test("L3: an update replaces the fields that it has, and null removes one", () => {
  const updated = fold(
    two,
    change(2, { action: "update", new_val: { id: "a", title: null, users: { x: { role: "owner" } } } }),
    key,
  );
  expect(updated.byKey.get("a")).toEqual({ id: "a", users: { x: { role: "owner" } } });
  expect(two.byKey.get("a")).toEqual({ id: "a", title: "A", users: {} }); // what was shown before is not touched
});

test("L4: an answer without start keeps the rows, one with start replaces them", () => {
  const resumed = fold(two, { op: "answer", id: 2, position: at(7) }, key);
  expect(ids(resumed)).toEqual(["a", "b"]);
  expect(resumed.position).toEqual(at(7));
  expect(ids(fold(two, start({ id: "z" }), key))).toEqual(["z"]);
  expect(ids(fold(two, { op: "answer", id: 2, start: true, position: at(9) }, key))).toEqual([]); // no rows are no rows
});

test("L6: the order asked for is kept whatever comes", () => {
  const order = orderOf("-last_edited");
  let rows = fold(noRows, start({ id: "new", last_edited: 5 }, { id: "old", last_edited: 1 }), key, order);
  rows = fold(rows, change(2, { action: "update", new_val: { id: "old", last_edited: 9 } }), key, order);
  rows = fold(rows, change(3, { action: "insert", new_val: { id: "middle", last_edited: 7 } }), key, order);
  expect(ids(rows)).toEqual(["old", "middle", "new"]);
});

test("rows are told apart by all fields of their key", () => {
  const rows = fold(noRows, start({ document_id: "d", seq: 1 }, { document_id: "d", seq: 2 }), ["document_id", "seq"]);
  expect(rows.list).toHaveLength(2);
});

test("orders look into objects, put a missing value first, and know several fields", () => {
  const order = orderOf(["state.since", "-id"]);
  const rows = fold(
    noRows,
    start(
      { id: "a", state: { since: 2 } },
      { id: "b" },
      { id: "c", state: { since: 2 } },
      { id: "d", state: { since: 1 } },
    ),
    key,
    order,
  );
  expect(ids(rows)).toEqual(["b", "d", "c", "a"]);
});
