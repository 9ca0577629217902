import { isMap } from "./merge";
import type { Value, Row } from "../wire/types.gen";

/** Fields to order by, the first first. */
export type Order = readonly { field: readonly string[]; descending: boolean }[];

/** The order that `order_by` of a query means: "-time" descends, "state.since" looks into an object. */
export function orderOf(orderBy: string | readonly string[] | undefined): Order {
  if (orderBy === undefined) return [];
  return (typeof orderBy === "string" ? [orderBy] : orderBy).map((name) =>
    name.startsWith("-")
      ? { field: name.slice(1).split("."), descending: true }
      : { field: name.split("."), descending: false },
  );
}

/** Negative if a comes before b. Rows that are equal come by id; backwards where the first field does, as from an index that is read backwards. */
export function compareRows(a: Row, idA: string, b: Row, idB: string, order: Order): number {
  for (const { field, descending } of order) {
    const difference = compare(valueAt(a, field), valueAt(b, field));
    if (difference !== 0) return descending ? -difference : difference;
  }
  const difference = compareText(idA, idB);
  return order[0]?.descending ? -difference : difference;
}

function valueAt(row: Row, field: readonly string[]): Value | undefined {
  let value: Value | undefined = row;
  for (const name of field) {
    if (value === undefined || !isMap(value)) return;
    value = value[name];
  }
  return value;
}

/** As the stores order: a missing value first, then objects and lists (all equal), false, true, numbers, bytes, texts. */
function compare(a: Value | undefined, b: Value | undefined): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  return 0;
}

/** By code points, which is the order of UTF-8: JavaScript's own puts what is beyond 16 bits before some that are not. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x === y) continue;
    return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  const x = at < 0 ? undefined : a[at];
  const y = at < 0 ? undefined : b[at];
  return x === undefined || y === undefined ? a.length - b.length : x - y;
}

function rank(value: Value | undefined): number {
  switch (typeof value) {
    case "undefined":
      return 0;
    case "boolean":
      return 2;
    case "number":
      return 3;
    case "string":
      return 5;
    default:
      return value === null ? 0 : value instanceof Uint8Array ? 4 : 1;
  }
}
