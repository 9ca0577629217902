import type { WireError, Row } from "../wire/types.gen";

/** What the browser knows of a query right now. */
export type Live<R = Row> =
  | { state: "loading" }
  | { state: "ready"; rows: readonly R[]; cut: boolean }
  /** Offline: the rows as they were, for reading. */
  | { state: "stale"; rows: readonly R[]; cut: boolean }
  | { state: "failed"; error: WireError };

/** The rows that are there, in whatever state; none while loading or failed. */
export function rowsOf<R>(live: Live<R>): readonly R[] {
  return live.state === "ready" || live.state === "stale" ? live.rows : [];
}
