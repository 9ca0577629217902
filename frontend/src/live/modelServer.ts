import type { Connection, ConnectionState } from "../wire/connection";
import {
  type Ask,
  type Change,
  type ClientMessage,
  type Position,
  type Row,
  type ServerMessage,
  TABLES,
  type Value,
  VERSION,
  type WireError,
} from "../wire/types.gen";
import { isMap, merged } from "./merge";

/** A commit: the row before and after it. */
interface Commit {
  n: number;
  before?: Row;
  after?: Row;
}

/** Numbers in [0, 1) that are the same for the same seed. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * What the server promises of the rows of projects, and no more: sets in order of
 * their coming, once each; changes of a watch in order of commits, where several
 * of a row may be one; answers and changes past each other as chance has it.
 */
export class ModelServer {
  readonly rows = new Map<string, Row>();
  /** Requests that were stored. */
  readonly stored = new Set<string>();
  readonly tabs: ModelTab[] = [];
  #log: Commit[] = [];
  #boots = 0;
  #n = 0;

  constructor(readonly chance: () => number) {}

  tab(): ModelTab {
    const tab = new ModelTab(this);
    this.tabs.push(tab);
    return tab;
  }

  /** Every connection is lost, and no position is known any more. */
  restart(): void {
    this.#boots++;
    this.#log = [];
    for (const tab of this.tabs) tab.drop();
  }

  /** Does a set, unless it has been done; throws a WireError to refuse. */
  set({ query, options = {}, request = "" }: Ask): Position {
    const given = (query as { projects: Row }).projects;
    const id = String(given["id"]);
    if (!this.stored.has(request)) {
      if (given["note"] === "refused") throw { kind: "denied", message: "No." } satisfies WireError;
      const before = this.rows.get(id);
      const after = options.delete ? undefined : merged(before ?? {}, given, TABLES.projects.fresh);
      this.#n++;
      this.#log.push({ n: this.#n, before, after });
      if (after) this.rows.set(id, after);
      else this.rows.delete(id);
      this.stored.add(request);
      for (const tab of this.tabs) tab.happened();
    }
    return { log: `log${this.#boots}`, n: this.#n };
  }

  /** The position of a watch, which says besides what it may see. */
  get position(): Position {
    return { log: `log${this.#boots}.seen`, n: this.#n };
  }

  /** What came since a position; undefined if that is not known any more. */
  since(after: Position | undefined): Commit[] | undefined {
    if (after?.log !== this.position.log) return;
    return this.#log.filter(({ n }) => n > after.n);
  }
}

/** What is on its way to a tab of one of its questions. */
interface Watch {
  id: number;
  fields: readonly string[];
  at: Position;
}

/** Sets of one table are done and answered in order; everything else has a line of its own. */
const SETS = 0;

/** The connection of a tab, which a test lets come and go and carries the messages of. */
export class ModelTab implements Connection {
  state: ConnectionState = { state: "connecting" };
  #up: ClientMessage[] = [];
  #down = new Map<number, ServerMessage[]>();
  #watches: Watch[] = [];
  readonly #stateListeners = new Set<() => void>();
  readonly #messageListeners = new Set<(message: ServerMessage) => void>();

  constructor(private readonly server: ModelServer) {}

  onState(listener: () => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.#messageListeners.add(listener);
    return () => this.#messageListeners.delete(listener);
  }

  send(message: ClientMessage): boolean {
    if (this.state.state !== "open") return false;
    this.#up.push(message);
    return true;
  }

  retry(): void {}
  wake(): void {}
  reopen(): void {}

  get idle(): boolean {
    return this.#up.length === 0 && this.#down.size === 0;
  }

  open(): void {
    if (this.state.state === "open") return;
    const hello = { op: "hello" as const, version: VERSION, server: "model", connection_id: "c", ping_every: 25_000 };
    this.#change({ state: "open", hello: { ...hello, account_id: "ada" }, over: "socket" });
  }

  /** All that is on its way is lost, whether done or not. */
  drop(): void {
    this.#up = [];
    this.#down.clear();
    this.#watches = [];
    this.#change({ state: "closed", why: "unreachable" });
  }

  /** The server takes the next message of this tab. */
  takes(): void {
    const message = this.#up.shift();
    if (message?.op !== "ask") return;
    const { id, query, options = {} } = message;
    const shape = (query as { projects: Row | [Row] }).projects;
    try {
      if (Array.isArray(shape)) this.#watch(id, Object.keys(shape[0] ?? {}), options.after);
      else this.#say(SETS, { op: "answer", id, row: shape as Row, position: this.server.set(message) });
    } catch (error) {
      this.#say(SETS, { op: "error", id, error: error as WireError });
    }
  }

  /** The tab gets the next message of the sets or of one of its watches, whichever chance takes. */
  gets(): void {
    const lines = [...this.#down.keys()];
    const line = lines[Math.floor(this.server.chance() * lines.length)];
    if (line === undefined) return;
    const queue = this.#down.get(line) ?? [];
    const message = queue.shift();
    if (queue.length === 0) this.#down.delete(line);
    if (message) for (const listener of [...this.#messageListeners]) listener(message);
  }

  /** Something was committed: watches learn of it at once or with what comes next. */
  happened(all = false): void {
    for (const watch of this.#watches) if (all || this.server.chance() < 0.6) this.#catchUp(watch);
  }

  #watch(id: number, fields: string[], after: Position | undefined): void {
    const known = this.server.since(after);
    const at = (known && after) ?? this.server.position;
    const watch = { id, fields, at };
    this.#watches.push(watch);
    const rows = [...this.server.rows.values()].map((row) => only(row, fields));
    this.#say(id, { op: "answer", id, position: at, ...(known ? { rows: [] } : { rows, start: true }) });
    this.#catchUp(watch);
  }

  #catchUp(watch: Watch): void {
    const before = new Map<string, Row | undefined>();
    const after = new Map<string, Row | undefined>();
    for (const commit of this.server.since(watch.at) ?? []) {
      const id = String((commit.after ?? commit.before ?? {})["id"]);
      if (!before.has(id)) before.set(id, commit.before);
      after.set(id, commit.after);
    }
    const changes = [...after].flatMap(([id, row]) => changed(id, before.get(id), row, watch.fields));
    if (changes.length === 0) return; // nothing that concerns it: it stays where it was
    watch.at = this.server.position;
    this.#say(watch.id, { op: "change", id: watch.id, changes, position: watch.at });
  }

  #say(line: number, message: ServerMessage): void {
    this.#down.set(line, [...(this.#down.get(line) ?? []), message]);
  }

  #change(state: ConnectionState): void {
    this.state = state;
    for (const listener of [...this.#stateListeners]) listener();
  }
}

function only(row: Row, fields: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([field]) => fields.includes(field)));
}

/** The change of a row as a watch tells it (L3). */
function changed(id: string, before: Row | undefined, after: Row | undefined, fields: readonly string[]): Change[] {
  if (!after) return before ? [{ action: "delete", old_val: { id } }] : [];
  if (!before) return [{ action: "insert", new_val: only(after, fields) }];
  const differ = fields.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  if (differ.length === 0) return [];
  const new_val = Object.fromEntries(differ.map((field): [string, Value] => [field, after[field] ?? null]));
  return [{ action: "update", new_val: { id, ...new_val }, old_val: { id } }];
}

/** A leaf deep in a row; undefined if it is not there. */
export function leaf(row: Row | undefined, ...path: string[]): Value | undefined {
  let value: Value | undefined = row;
  for (const name of path) value = value !== undefined && isMap(value) ? value[name] : undefined;
  return value;
}
