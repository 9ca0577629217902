import { newID } from "../lib/ids";
import type { Connection } from "../wire/connection";
import type { WireError, Row } from "../wire/types.gen";
import { type TableName, TABLES } from "../wire/types.gen";
import { type Calls, offline } from "./calls";
import { idOf } from "./fold";
import { merged } from "./merge";

/** How many sets may wait for the server: far more than a person does by hand while offline. */
const MAX_WAITING = 500;

/**
 * How long a set stays visible after its acknowledgement if no change of its row
 * comes: the change is on its way already, and is only missing when the row is
 * watched by nobody or the set changed nothing.
 */
const SETTLE_MS = 1000;

export interface SetOptions {
  delete?: boolean;
  /** False: nothing is shown before the server has done it. Right for what may well be refused. */
  optimistic?: boolean;
  /** The id that makes a repetition harmless (W3); one is made otherwise. */
  request?: string;
}

interface Pending {
  table: TableName;
  row: Row;
  options: SetOptions;
  request: string;
  /** The id of the row, if it has one already. */
  id?: string;
  acknowledged: boolean;
  /** A change of the row has come since the set was made. */
  changed: boolean;
  resolve(row: Row): void;
  reject(error: WireError): void;
}

/**
 * What this tab has set and the server has not yet acknowledged: shown at once,
 * sent again after every loss of the connection under the same request id, taken
 * back when the server refuses.
 */
export class Sets {
  readonly #calls: Calls;
  readonly #connection: Connection;
  readonly #pending = new Set<Pending>();
  readonly #changed: (table: TableName) => void;

  /** @param changed is called when what `overlay` gives for a table may have changed, and when `waiting` has */
  constructor(connection: Connection, calls: Calls, changed: (table: TableName) => void) {
    this.#connection = connection;
    this.#calls = calls;
    this.#changed = changed;
  }

  /** How many sets the server has not acknowledged. */
  get waiting(): number {
    let n = 0;
    for (const set of this.#pending) if (!set.acknowledged) n++;
    return n;
  }

  add(table: TableName, row: Row, options: SetOptions): Promise<Row> {
    if (this.waiting >= MAX_WAITING) {
      return Promise.reject({
        kind: "unavailable",
        message: "Too many changes wait for the server. Please wait until the connection is back.",
      } satisfies WireError);
    }
    const { key } = TABLES[table];
    const known = key.every((field) => row[field] !== undefined) && row["id"] !== "new";
    return new Promise((resolve, reject) => {
      const set: Pending = {
        table,
        row,
        options,
        request: options.request ?? newID(),
        id: known ? idOf(row, key) : undefined,
        acknowledged: false,
        changed: false,
        resolve,
        reject,
      };
      this.#pending.add(set);
      if (this.#connection.state.state === "open") this.#send(set);
      this.#changed(table);
    });
  }

  /** Sends what waits, in the order in which it was made. */
  resume(): void {
    for (const set of this.#pending) if (!set.acknowledged) this.#send(set);
  }

  /** Gives up everything, because somebody else sits here now. */
  abandon(error: WireError): void {
    for (const set of this.#pending) this.#finish(set, () => set.reject(error));
  }

  /** Tells that a change of this row has come. */
  seen(table: TableName, id: string): void {
    for (const set of this.#pending) {
      if (set.table !== table || set.id !== id) continue;
      set.changed = true;
      if (set.acknowledged) this.#pending.delete(set); // its own change, or a later one
    }
  }

  /** The row as it will be, with the fields that are asked for; undefined if it is being deleted. */
  overlay(table: TableName, id: string, row: Row, shape: Row): Row | undefined {
    let next: Row | undefined = row;
    for (const set of this.#pending) {
      if (set.table !== table || set.id !== id || set.options.optimistic === false) continue;
      if (set.options.delete) next = undefined;
      else if (next) next = merged(next, only(set.row, shape));
    }
    return next;
  }

  #send(set: Pending): void {
    const { table, row, request } = set;
    const options = set.options.delete ? { delete: true } : { set: true };
    this.#calls.ask({ [table]: row }, options, request).then(
      (result) => this.#acknowledge(set, result.row ?? row),
      (error: WireError) => {
        if (error === offline) return; // resume sends it again
        this.#finish(set, () => set.reject(error));
      },
    );
  }

  #acknowledge(set: Pending, row: Row): void {
    set.acknowledged = true;
    if (set.changed || set.id === undefined || set.options.optimistic === false) {
      this.#finish(set, () => set.resolve(row));
      return;
    }
    setTimeout(() => {
      if (this.#pending.delete(set)) this.#changed(set.table);
    }, SETTLE_MS);
    set.resolve(row);
    this.#changed(set.table);
  }

  #finish(set: Pending, tell: () => void): void {
    this.#pending.delete(set);
    tell();
    this.#changed(set.table);
  }
}

function only(row: Row, shape: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([field]) => field in shape));
}
