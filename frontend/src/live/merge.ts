import type { Value, Row } from "../wire/types.gen";

/**
 * The row with a set merged deeply into it, as the server will do it (Q7). It is
 * the merge of three: what the row was when the set was made is its base, the set
 * is what we have changed of it, and `row` is what has become of it meanwhile.
 * What only one side has changed is as that side has it, however deep in maps.
 * Where both have changed the same leaf the set wins: the server applies it after
 * what has come, and the last write wins.
 *
 * @param fresh fields that a set replaces as a whole
 */
export function merged(row: Row, set: Row, fresh: readonly string[] = []): Row {
  const next: { [field: string]: Value } = { ...row };
  for (const [field, value] of Object.entries(set)) {
    const before = next[field];
    if (isUnset(value)) delete next[field];
    else if (!isMap(value)) next[field] = value;
    else next[field] = merged(before !== undefined && isMap(before) && !fresh.includes(field) ? before : {}, value);
  }
  return next;
}

/** Of a set what a query asks for: its fields, and within maps those that it names. */
export function shownOf(set: Row, shape: Row): Row {
  const shown: { [field: string]: Value } = {};
  for (const [field, value] of Object.entries(set)) {
    const asked = shape[field];
    if (asked === undefined) continue;
    const deeper = isMap(asked) && !isFilter(asked) && Object.keys(asked).length > 0;
    shown[field] = deeper && isMap(value) && !isUnset(value) ? shownOf(value, asked) : value;
  }
  return shown;
}

/** Whether a value removes a field: $unset, or null where a set says that it is one. */
function isUnset(value: Value): boolean {
  return value === null || (isMap(value) && value["$unset"] === true);
}

const OPERATORS = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);

function isFilter(shape: Row): boolean {
  return Object.keys(shape).some((name) => OPERATORS.has(name));
}

/** Whether a value has named fields. */
export function isMap(value: Value): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
