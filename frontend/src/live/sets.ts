import { newID } from "../lib/ids";
import type { Connection } from "../wire/connection";
import type { Position, Row, WireError } from "../wire/types.gen";
import { type TableName, TABLES } from "../wire/types.gen";
import { type Calls, wasLost } from "./calls";
import { idOf } from "./fold";
import { merged, shownOf } from "./merge";

/** How many sets may wait for the server: far more than a person does by hand while offline. */
const MAX_WAITING = 500;

/**
 * How long a set stays visible after its acknowledgement where nothing tells that
 * its change has come: lists that it does not concern, or the server has made
 * nothing of it. With a place it is only a bound of memory.
 */
const FORGET_MS = 10_000;
const SETTLE_MS = 1000;

export interface SetOptions {
  delete?: boolean;
  /** False: nothing is shown before the server has done it. Right for what may well be refused. */
  optimistic?: boolean;
  /** The id that makes a repetition harmless (W3); one is made otherwise. */
  request?: string;
}

/** A place in a table's log, and on which connection, the first, the second …, we were told of it. */
export interface Place extends Position {
  connection: number;
}

interface Pending {
  table: TableName;
  row: Row;
  options: SetOptions;
  request: string;
  /** The id of the row, if it has one already. */
  id?: string;
  acknowledged: boolean;
  /** Where its change is, if the server has said so. */
  place?: Place;
  resolve(row: Row): void;
  reject(error: WireError): void;
}

/** One that is shown before it is acknowledged. */
type Shown = Pending & { id: string };

function isShown(set: Pending): set is Shown {
  return set.id !== undefined && set.options.optimistic !== false;
}

export interface SetsParts {
  connection: Connection;
  calls: Calls;
  after(ms: number, fn: () => void): () => void;
  /** Called when what `overlay` gives for a table may have changed, and when `waiting` has. */
  changed(table: TableName): void;
  /** How far each list of a table has come. */
  places(table: TableName): (Place | undefined)[];
}

/**
 * What this tab has set and the server has not yet acknowledged: shown at once,
 * sent again after every loss of the connection under the same request id, taken
 * back when the server refuses. An acknowledged set is shown on in each list until
 * that has come to its change, so that the old value never comes back in between;
 * from then on the list shows what the server has, which may be a later change.
 */
export class Sets {
  readonly #parts: SetsParts;
  readonly #pending = new Set<Pending>();
  #connections = 0;

  constructor(parts: SetsParts) {
    this.#parts = parts;
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
        resolve,
        reject,
      };
      this.#pending.add(set);
      if (this.#parts.connection.state.state === "open") this.#send(set);
      this.#parts.changed(table);
    });
  }

  /** Sends what waits, in the order in which it was made. Call when the connection has opened. */
  resume(): void {
    this.#connections++;
    for (const set of this.#pending) if (!set.acknowledged) this.#send(set);
  }

  /** A position that has just come. */
  placed(position: Position): Place {
    return { ...position, connection: this.#connections };
  }

  /** Gives up everything, because somebody else sits here now. */
  abandon(error: WireError): void {
    for (const set of this.#pending) this.#finish(set, () => set.reject(error));
  }

  /** Forgets what every list of the table has come to. Call when one has come further. */
  moved(table: TableName): void {
    for (const set of this.#pending) {
      if (set.table !== table || !set.acknowledged) continue;
      if (this.#parts.places(table).every((place) => reached(set, place))) this.#pending.delete(set);
    }
  }

  /**
   * The rows as they will be, of a list that has come to a place: with the fields
   * that it asks for, without those that are being deleted. The same map if
   * nothing is pending for any of them.
   */
  overlay(table: TableName, rows: ReadonlyMap<string, Row>, shape: Row, place?: Place): ReadonlyMap<string, Row> {
    let next: Map<string, Row> | undefined;
    for (const set of this.#pending) {
      if (set.table !== table || !isShown(set) || reached(set, place)) continue;
      const row = (next ?? rows).get(set.id);
      if (!row) continue;
      next ??= new Map(rows);
      if (set.options.delete) next.delete(set.id);
      else next.set(set.id, merged(row, shownOf(set.row, shape), TABLES[table].fresh));
    }
    return next ?? rows;
  }

  #send(set: Pending): void {
    const { table, row, request } = set;
    const options = set.options.delete ? { delete: true } : { set: true };
    this.#parts.calls.ask({ [table]: row }, options, request).then(
      (result) => this.#acknowledge(set, result.row ?? row, result.position),
      (error: WireError) => {
        if (wasLost(error)) return; // resume sends it again
        this.#finish(set, () => set.reject(error));
      },
    );
  }

  #acknowledge(set: Pending, row: Row, position: Position | undefined): void {
    set.acknowledged = true;
    set.place = position && this.placed(position);
    if (!isShown(set)) {
      this.#finish(set, () => set.resolve(row));
      return;
    }
    this.#forgetLater(set);
    this.moved(set.table);
    set.resolve(row);
    this.#parts.changed(set.table);
  }

  /** Forgets an acknowledged set after a while, but not while what came since may not have reached us. */
  #forgetLater(set: Pending): void {
    const connections = this.#connections;
    this.#parts.after(set.place ? FORGET_MS : SETTLE_MS, () => {
      if (!this.#pending.has(set)) return;
      if (this.#parts.connection.state.state !== "open" || this.#connections > connections) {
        this.#forgetLater(set);
      } else {
        this.#pending.delete(set);
        this.#parts.changed(set.table);
      }
    });
  }

  #finish(set: Pending, tell: () => void): void {
    this.#pending.delete(set);
    tell();
    this.#parts.changed(set.table);
  }
}

/** Whether the change of a set is in a list that has come to a place. */
function reached({ place }: Pending, here: Place | undefined): boolean {
  if (!place || !here) return false;
  // The log of a list is that of the table, and says besides what the reader may see.
  const same = here.log === place.log || here.log.startsWith(`${place.log}.`);
  // Another log that we were told of later begins with all that was stored.
  return same ? here.n >= place.n : here.connection > place.connection;
}
