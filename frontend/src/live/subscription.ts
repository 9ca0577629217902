import { backoff } from "../lib/backoff";
import type { Connection } from "../wire/connection";
import type { ServerMessage, WireError, Row } from "../wire/types.gen";
import { TABLES } from "../wire/types.gen";
import type { Calls } from "./calls";
import { fold, noRows, type Rows, sorted } from "./fold";
import type { Live } from "./live";
import { type Order, orderOf } from "./order";
import { type ListQuery, wireQuery } from "./query";
import type { Place, Sets } from "./sets";

/** Stops a timer. */
type Stop = () => void;

export interface SubscriptionParts {
  connection: Connection;
  calls: Calls;
  sets: Sets;
  /** In [0, 1), as Math.random. */
  chance(): number;
  after(ms: number, fn: () => void): Stop;
}

/** One query that is being watched, for all who watch the same. */
export class Subscription {
  readonly query: ListQuery;
  readonly listeners = new Set<() => void>();
  readonly #parts: SubscriptionParts;
  readonly #order: Order;
  #call: number | undefined;
  #rows: Rows = noRows;
  #place: Place | undefined;
  #state: Live["state"] = "loading";
  #error: WireError | undefined;
  #attempt = 0;
  #stopRetry: Stop | undefined;
  #view: Live | undefined;

  constructor(query: ListQuery, parts: SubscriptionParts) {
    this.query = query;
    this.#parts = parts;
    this.#order = orderOf(query.options.order_by);
    if (parts.connection.state.state === "open") this.start();
  }

  /** What is known right now; the same object until it changes. */
  get view(): Live {
    return (this.#view ??= this.#look());
  }

  /** How far it has come in the log. */
  get place(): Place | undefined {
    return this.#place;
  }

  /** Asks the server, from where we were if it still knows that (L4). Call when the connection has opened. */
  start(): void {
    this.#stopRetry?.();
    if (this.#call !== undefined) return;
    const { table, shape, options } = this.query;
    this.#call = this.#parts.calls.start({
      query: wireQuery(table, shape),
      options: { ...options, changes: true, ...(this.#rows.position && { after: this.#rows.position }) },
      on: (message) => this.#receive(message),
      lost: () => {
        this.#call = undefined;
        if (this.#state === "ready") this.#state = "stale";
        this.changed();
      },
    });
  }

  /** Asks anew if there has been no answer, or one without rows: whoever waits for them may have been overlooked. */
  again(): void {
    if (this.#rows.list.length > 0 || this.#parts.connection.state.state !== "open") return;
    this.stop();
    this.#rows = noRows;
    this.start();
  }

  /** Forgets everything: somebody else sits here now. */
  reset(): void {
    this.stop();
    this.#rows = noRows;
    this.#state = "loading";
    this.#error = undefined;
    this.changed();
  }

  stop(): void {
    this.#stopRetry?.();
    if (this.#call !== undefined) this.#parts.calls.cancel(this.#call);
    this.#call = undefined;
  }

  /** Makes a new view and tells all. */
  changed(): void {
    this.#view = undefined;
    for (const listener of this.listeners) listener();
  }

  #receive(message: Extract<ServerMessage, { id?: number }>): void {
    if (message.op === "error") {
      this.#fail(message.error);
      return;
    }
    const { key } = TABLES[this.query.table];
    this.#rows = fold(this.#rows, message, key, this.#order);
    this.#state = "ready";
    this.#attempt = 0;
    this.#place = this.#rows.position && this.#parts.sets.placed(this.#rows.position);
    this.#parts.sets.moved(this.query.table);
    this.changed();
  }

  #fail(error: WireError): void {
    this.#call = undefined;
    this.#error = error;
    // No person has typed this query: one that is wrong is our mistake, and easily overlooked as an empty list.
    if (error.kind === "invalid") console.error(error.message, this.query);
    if (passing(error)) {
      const wait = backoff(this.#attempt++, this.#parts.chance());
      this.#stopRetry = this.#parts.after(wait, () => {
        if (this.#parts.connection.state.state === "open") this.start();
      });
      this.#state = this.#rows === noRows ? "failed" : "stale";
    } else {
      this.#rows = noRows; // we may see them no longer
      this.#state = "failed";
    }
    this.changed();
  }

  #look(): Live {
    switch (this.#state) {
      case "loading":
        return { state: "loading" };
      case "failed":
        return { state: "failed", error: this.#error ?? { kind: "internal", message: "Something went wrong." } };
      case "ready":
      case "stale":
        return { state: this.#state, rows: this.#overlaid(), cut: this.#rows.cut };
    }
  }

  #overlaid(): readonly Row[] {
    const { table, shape } = this.query;
    const { byKey, list } = this.#rows;
    const overlaid = this.#parts.sets.overlay(table, byKey, shape, this.#place);
    return overlaid === byKey ? list : sorted(overlaid, this.#order);
  }
}

/** Whether asking again may help: a refusal stays one. */
export function passing(error: WireError): boolean {
  return error.kind === "unavailable" || error.kind === "internal" || error.kind === "conflict";
}
