import type { Answer, Changes, Position, Row, Value } from "../wire/types.gen";
import { compareRows, type Order } from "./order";

/** The rows of one subscription by primary key, and where in the server's order they stand. Never changed once made. */
export interface Rows {
  byKey: ReadonlyMap<string, Row>;
  /** The rows in the order asked for; without one, by id. */
  list: readonly Row[];
  position?: Position;
  /** There are more rows than the answer may hold. */
  cut: boolean;
}

export const noRows: Rows = { byKey: new Map(), list: [], cut: false };

/** The primary key of a row as one text, whose order is the server's. */
export function idOf(row: Row, key: readonly string[]): string {
  return key.map((field) => idPart(row[field])).join("/");
}

function idPart(value: Value | undefined): string {
  return typeof value === "number" ? String(value).padStart(16, "0") : String(value);
}

/**
 * The rows after a message. Pure, and safe to run twice with the same message:
 * after a reconnect changes may be repeated (L1). An answer without `start` is
 * the beginning of changes that follow after a position (L4) and keeps the rows.
 */
export function fold(before: Rows, message: Answer | Changes, key: readonly string[], order: Order = []): Rows {
  if (message.op === "answer") {
    if (!message.start && before.position) return { ...before, position: message.position ?? before.position };
    const rows = new Map((message.rows ?? []).map((row) => [idOf(row, key), row]));
    return inOrder(rows, order, { position: message.position, cut: message.cut ?? false });
  }
  const rows = new Map(before.byKey);
  for (const { action, new_val, old_val } of message.changes) {
    const keyed = new_val ?? old_val;
    if (!keyed) continue;
    const id = idOf(keyed, key);
    if (action === "delete" || !new_val) rows.delete(id);
    else rows.set(id, action === "update" ? updated(rows.get(id), new_val) : new_val);
  }
  return inOrder(rows, order, { position: message.position, cut: before.cut });
}

/** The row with the fields that changed, each replaced whole; null removes one. (L3) */
function updated(row: Row | undefined, changed: Row): Row {
  const next: { [field: string]: Value } = { ...row };
  for (const [field, value] of Object.entries(changed)) {
    if (value === null) delete next[field];
    else next[field] = value;
  }
  return next;
}

function inOrder(byKey: ReadonlyMap<string, Row>, order: Order, rest: Pick<Rows, "position" | "cut">): Rows {
  return { byKey, list: sorted(byKey, order), ...rest };
}

/** Rows by id in the order asked for, and where that is equal by id, as the server has them: a window ends at the same row. */
export function sorted(byId: ReadonlyMap<string, Row>, order: Order): readonly Row[] {
  return [...byId].toSorted(([idA, a], [idB, b]) => compareRows(a, idA, b, idB, order)).map(([, row]) => row);
}
