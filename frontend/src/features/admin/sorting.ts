/** By which column a table is sorted, and which end is first. */
export interface Sorting<C> {
  by: C;
  descending: boolean;
}

/** The sorting after somebody has chosen a column: again the same turns it round; numbers begin with the greatest. */
export function chosen<C>(now: Sorting<C>, by: C, words: boolean): Sorting<C> {
  return now.by === by ? { by, descending: !now.descending } : { by, descending: !words };
}

/** Rows in order of a value; those without one come last in either direction, equal ones by name. */
export function sorted<R extends { name: string }>(
  rows: readonly R[],
  valueOf: (row: R) => number | string | undefined,
  descending: boolean,
): R[] {
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)];
    if (x === y) return a.name < b.name ? -1 : 1;
    if (x === undefined) return 1;
    if (y === undefined) return -1;
    return x < y ? -sign : sign;
  });
}
