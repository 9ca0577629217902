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

/** Negative if a comes before b. */
export function compareBy(a: Row, b: Row, order: Order): number {
  for (const { field, descending } of order) {
    const difference = compare(valueAt(a, field), valueAt(b, field));
    if (difference !== 0) return descending ? -difference : difference;
  }
  return 0;
}

function valueAt(row: Row, field: readonly string[]): Value | undefined {
  let value: Value | undefined = row;
  for (const name of field) {
    if (value === undefined || !isMap(value)) return;
    value = value[name];
  }
  return value;
}

/** As the stores order: a missing value first, then false, true, numbers, texts. */
function compare(a: Value | undefined, b: Value | undefined): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return 0;
}

function rank(value: Value | undefined): number {
  switch (typeof value) {
    case "undefined":
      return 0;
    case "boolean":
      return 1;
    case "number":
      return 2;
    case "string":
      return 3;
    default:
      return value === null ? 0 : 4;
  }
}
