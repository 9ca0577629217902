import type { Value, Row } from "../wire/types.gen";

/** The row with a set merged deeply into it, as the server will do it (Q7). */
export function merged(row: Row, set: Row): Row {
  const next: { [field: string]: Value } = { ...row };
  for (const [field, value] of Object.entries(set)) {
    const before = next[field];
    if (isUnset(value)) delete next[field];
    else if (isMap(value) && before !== undefined && isMap(before)) next[field] = merged(before, value);
    else next[field] = value;
  }
  return next;
}

/** Whether a value removes a field. */
function isUnset(value: Value): boolean {
  return isMap(value) && value["$unset"] === true;
}

/** Whether a value has named fields. */
export function isMap(value: Value): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
