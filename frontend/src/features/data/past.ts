/** One query that was run. */
export interface Past {
  query: string;
  options: string;
  /** When, in milliseconds since 1970. */
  time: number;
}

/** More than these nobody looks through. */
export const MAX_PAST = 50;

/** A text longer than this is run but not remembered: browsers keep little for a site. */
const MAX_LETTERS = 20_000;

/** Where the queries that an account has run in this browser are kept. */
export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const keyOf = (account: string) => `lyceum-queries-${account}`;

export function pastOf(shelf: Shelf, account: string): Past[] {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(keyOf(account)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isPast).slice(0, MAX_PAST) : [];
  } catch {
    return []; // kept by somebody else, or a browser without storage
  }
}

/** The list with a query at its head, which is in it once. */
export function withPast(list: readonly Past[], past: Past): Past[] {
  if (past.query.length + past.options.length > MAX_LETTERS) return [...list];
  const others = list.filter(({ query, options }) => query !== past.query || options !== past.options);
  return [past, ...others].slice(0, MAX_PAST);
}

export function keepPast(shelf: Shelf, account: string, list: readonly Past[]): void {
  try {
    if (list.length === 0) shelf.removeItem(keyOf(account));
    else shelf.setItem(keyOf(account), JSON.stringify(list));
  } catch {
    // A browser without storage, or a full one: the list lasts as long as the page.
  }
}

function isPast(value: unknown): value is Past {
  return (
    typeof value === "object" &&
    value !== null &&
    "query" in value &&
    typeof value.query === "string" &&
    "options" in value &&
    typeof value.options === "string" &&
    "time" in value &&
    typeof value.time === "number"
  );
}
