import type { Row, TableName, Tables, Value } from "../wire/types.gen";

/**
 * What is asked of a row: an object shaped like the answer, null where a value
 * is wanted, a value (or an operator such as {">": 5}) where it filters, {} for
 * a whole map.
 */
export type Shape<T extends TableName> = { readonly [F in keyof Tables[T]]?: Value };

/** The row that a shape is answered with: the fields asked for. (The primary key comes too; ask for it to have it in the type.) */
export type Selected<T extends TableName, S> = Pick<Tables[T], keyof S & keyof Tables[T]>;

/** Which rows, in which order, and how many. */
export interface ListOptions {
  limit?: number;
  /** "-time" descends. The field must be asked for. */
  order_by?: string | string[];
}

/** One list query, told apart from others by its key. */
export interface ListQuery {
  table: TableName;
  shape: Row;
  options: ListOptions;
  key: string;
}

export function listQuery(table: TableName, shape: object, options: ListOptions = {}): ListQuery {
  return { table, shape: shape as Row, options, key: keyOf([table, shape, options]) };
}

/** The query as it travels. */
export function wireQuery(table: TableName, shape: object): Row {
  return { [table]: [shape as Row] };
}

/** A text that is the same for equal values, whatever the order of their fields. */
export function keyOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Uint8Array) return `bytes:${Array.from(inner).join()}`;
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
