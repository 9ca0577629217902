import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Row, type TableName, TABLES } from "../wire/types.gen";
import { fold, noRows } from "./fold";
import { numbers } from "./modelServer";
import { compareRows, orderOf } from "./order";

/** Lists as the server's tests have written them. */
const lists = JSON.parse(readFileSync(join(import.meta.dirname, "../../../testdata/order.json"), "utf8")) as {
  table: TableName;
  order_by?: string[];
  rows: Row[];
}[];

// Where a page had another opinion, a row would jump when the list is asked for again.
test.each(lists)("L6: rows of $table by $order_by come in the server's order, also where they are equal", (list) => {
  const { key } = TABLES[list.table];
  const chance = numbers(list.rows.length);
  for (let round = 0; round < 20; round++) {
    const shuffled = list.rows
      .map((row) => ({ row, at: chance() }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ row }) => row);
    // Half of them in the first answer, the others later.
    const answer = { op: "answer", id: 1, start: true, rows: shuffled.slice(0, 6) } as const;
    const changes = shuffled.slice(6).map((new_val) => ({ action: "insert", new_val }) as const);
    const first = fold(noRows, answer, key, orderOf(list.order_by));
    const { list: rows } = fold(
      first,
      { op: "change", id: 1, changes, position: { log: "a", n: 1 } },
      key,
      orderOf(list.order_by),
    );
    expect(rows).toEqual(list.rows);
  }
});

test("bytes, and values of several kinds, come as in the stores", () => {
  const values = [
    undefined,
    {},
    false,
    true,
    -1,
    2.5,
    new Uint8Array([]),
    new Uint8Array([1]),
    new Uint8Array([1, 0]),
    "",
    "a",
  ];
  const row = (at: number): Row => ({ id: "same", ...(values[at] !== undefined && { value: values[at] }) });
  for (let a = 0; a < values.length; a++) {
    for (let b = 0; b < values.length; b++) {
      const order = Math.sign(compareRows(row(a), "same", row(b), "same", orderOf("value")));
      expect([a, b, order]).toEqual([a, b, Math.sign(a - b)]);
    }
  }
});
