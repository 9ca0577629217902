import type { Connection, ConnectionState } from "../wire/connection";
import {
  type Change,
  type ClientMessage,
  type Options,
  type Row,
  type ServerMessage,
  TABLES,
  VERSION,
  type WireError,
} from "../wire/types.gen";
import { idOf } from "./fold";
import { isMap, merged } from "./merge";

type TableName = keyof typeof TABLES;

interface Watch {
  id: number;
  table: TableName;
  shape: Row;
}

/** What a set is answered with; throw a WireError to refuse. */
export type SetHandler = (row: Row, options: Options) => Row;

/**
 * A server of tables for tests of components: it keeps rows, answers lists by
 * equality, tells watchers, and knows no rights. `on` plays whatever is more
 * than a row.
 */
export class FakeServer implements Connection {
  state: ConnectionState;
  /** Every set that came, as [table, row, options]. */
  readonly sets: [string, Row, Options][] = [];
  private readonly rows = new Map<TableName, Map<string, Row>>();
  private readonly sources = new Map<string, (query: Row) => Row | null>();
  private readonly handlers = new Map<string, SetHandler>();
  private watches: Watch[] = [];
  private readonly stateListeners = new Set<() => void>();
  private readonly messageListeners = new Set<(message: ServerMessage) => void>();
  private position = 0;
  private connections = 1;

  constructor(private readonly accountId = "ada") {
    this.state = this.open();
  }

  onState(listener: () => void): () => void {
    this.stateListeners.add(listener);
    return () => this.stateListeners.delete(listener);
  }

  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.messageListeners.add(listener);
    return () => this.messageListeners.delete(listener);
  }

  retry(): void {}

  wake(): void {}

  reopen(): void {}

  /** Answers object queries of a table, such as document_states. */
  source(table: TableName, answer: (query: Row) => Row | null): void {
    this.sources.set(table, answer);
  }

  /** Carries out sets of a table instead of keeping the row as it came. */
  on(table: TableName, handler: SetHandler): void {
    this.handlers.set(table, handler);
  }

  /** Puts a row into a table as if somebody had. */
  put(table: TableName, row: Row): void {
    const { key } = TABLES[table];
    const rows = this.rows.get(table) ?? new Map<string, Row>();
    this.rows.set(table, rows);
    const before = rows.get(idOf(row, key));
    rows.set(idOf(row, key), row);
    const gone = Object.keys(before ?? {}).filter((field) => !(field in row));
    const new_val = { ...row, ...Object.fromEntries(gone.map((field) => [field, null])) };
    this.tell(table, row, before ? { action: "update", new_val, old_val: row } : { action: "insert", new_val: row });
  }

  remove(table: TableName, row: Row): void {
    const id = idOf(row, TABLES[table].key);
    const before = this.rows.get(table)?.get(id);
    if (!before) return;
    this.rows.get(table)?.delete(id);
    this.tell(table, before, { action: "delete", old_val: before });
  }

  drop(): void {
    this.watches = [];
    this.state = { state: "closed", why: "unreachable" };
    for (const listener of [...this.stateListeners]) listener();
  }

  restore(): void {
    this.connections++;
    this.state = this.open();
    for (const listener of [...this.stateListeners]) listener();
  }

  send(message: ClientMessage): boolean {
    if (this.state.state !== "open") return false;
    // The answer comes later, as it does over a network.
    if (message.op === "ask") queueMicrotask(() => this.answer(message));
    if (message.op === "cancel") this.watches = this.watches.filter((watch) => watch.id !== message.id);
    return true;
  }

  private open(): ConnectionState {
    const connection_id = `connection${this.connections}`;
    return {
      state: "open",
      over: "socket",
      hello: {
        op: "hello",
        version: VERSION,
        server: "fake",
        account_id: this.accountId,
        connection_id,
        ping_every: 25_000,
      },
    };
  }

  private answer({ id, query, options = {} }: Extract<ClientMessage, { op: "ask" }>): void {
    if (this.state.state !== "open") return;
    const [table, shape] = Object.entries(query as Record<TableName, Row | [Row]>)[0] as [TableName, Row | [Row]];
    try {
      if (Array.isArray(shape)) {
        const [asked] = shape as [Row];
        if (!wants(asked)) throw { kind: "invalid", message: "A get has a null in it." } satisfies WireError;
        if (options.changes) this.watches.push({ id, table, shape: asked });
        const rows = [...(this.rows.get(table)?.values() ?? [])].filter((row) => matches(row, asked));
        this.say({ op: "answer", id, rows, position: this.now(), start: true });
      } else if (options.set || options.delete) {
        this.say({ op: "answer", id, row: this.set(table, shape as Row, options), position: this.now() });
      } else {
        this.say({ op: "answer", id, row: this.sources.get(table)?.(shape as Row) ?? null });
      }
    } catch (thrown) {
      this.say({ op: "error", id, error: thrown as WireError });
    }
  }

  private set(table: TableName, row: Row, options: Options): Row {
    this.sets.push([table, row, options]);
    const handler = this.handlers.get(table);
    if (handler) return handler(row, options);
    if (options.delete) {
      this.remove(table, row);
      return row;
    }
    const made = row["id"] === "new" ? { ...row, id: `${table}-${this.sets.length}` } : row;
    const before = this.rows.get(table)?.get(idOf(made, TABLES[table].key)) ?? {};
    const whole = merged(before, made);
    this.put(table, whole);
    return whole;
  }

  private tell(table: TableName, row: Row, change: Change): void {
    this.position++;
    for (const watch of this.watches) {
      if (watch.table !== table || !matches(row, watch.shape)) continue;
      this.say({ op: "change", id: watch.id, changes: [change], position: this.now() });
    }
  }

  private now() {
    return { log: "fake", n: this.position };
  }

  private say(message: ServerMessage): void {
    for (const listener of [...this.messageListeners]) listener(message);
  }
}

/** Whether the leaves that are values are equal in the row; ">" is the one operator it knows. */
function matches(row: Row, shape: Row): boolean {
  return Object.entries(shape).every(([field, wanted]) => {
    if (wanted === null) return true;
    if (typeof wanted !== "object") return row[field] === wanted;
    const above = (wanted as Row)[">"];
    return above === undefined || Number(row[field]) > Number(above);
  });
}

/** Whether a query asks for anything: Q3, what has no null is a set. */
function wants(shape: Row): boolean {
  return Object.values(shape).some((value) => value === null || (isMap(value) && wants(value)));
}
