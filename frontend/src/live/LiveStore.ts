/**
 * LiveStore: all that this tab knows of the server's tables. A plain class, no
 * React. What features use:
 *
 *   store.set(table, row, {delete?, optimistic?, request?}): Promise<row>   shown at once, kept until acknowledged
 *   store.once(query, options?, request?): Promise<Result>                  asked once, rejects when offline
 *   store.follow(table, shape, options, {start, changes, ended}): stop      raw changes, for document sessions
 *   store.watch(query, options, {on, ended}): stop                          the same untyped, for what a person has typed
 *   store.subscribe(query, listener): stop · store.view(query): Live        what useLive uses
 *   store.askAgain()                                                        for whoever has waited for long
 *   store.connection.state · store.connection.onState(listener)             whether there is a connection
 *   store.waiting · store.onWaiting(listener)                               how many sets are not acknowledged
 *
 * Everything that rejects rejects with a WireError {kind, message}.
 */
import type { Connection } from "../wire/connection";
import type { Answer, Change, Changes, Options, Result, Row, WireError } from "../wire/types.gen";
import type { TableName, Tables } from "../wire/types.gen";
import { Calls, lostTo } from "./calls";
import type { Live } from "./live";
import { type ListQuery, type Selected, type Shape, wireQuery } from "./query";
import { type SetOptions, Sets } from "./sets";
import { Subscription, type SubscriptionParts } from "./subscription";

/** How long a query stays watched that nobody looks at: going back to a page shows it at once. */
const LINGER_MS = 5000;

const LOADING: Live = { state: "loading" };

/** What a set may give: fields of the table, deep parts of them, or {"$unset": true}. */
export type Given<T extends TableName> = { [F in keyof Tables[T]]?: unknown };

export interface Follower<R> {
  /** The rows as they are; also later, when the server could not continue. */
  start(rows: R[]): void;
  changes(changes: readonly Change[]): void;
  /** Nothing more comes: the connection is lost, or the server says why. Follow again. */
  ended(error: WireError): void;
}

/** Who watches a query that nobody has typed for. */
export interface Watcher {
  on(message: Answer | Changes): void;
  /** Nothing more comes: the connection is lost, or the server says why. */
  ended(error: WireError): void;
}

export interface LiveStoreOptions {
  /** In [0, 1), as Math.random. */
  chance?: () => number;
  after?: SubscriptionParts["after"];
}

export class LiveStore {
  readonly connection: Connection;
  readonly #calls: Calls;
  readonly #sets: Sets;
  readonly #parts: SubscriptionParts;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #lingering = new Map<string, () => void>();
  readonly #waitingListeners = new Set<() => void>();
  #account: string | undefined;
  #greeted = false;

  constructor(connection: Connection, options: LiveStoreOptions = {}) {
    this.connection = connection;
    this.#calls = new Calls(connection);
    this.#sets = new Sets({
      connection,
      calls: this.#calls,
      after: options.after ?? after,
      changed: (table) => this.#setsChanged(table),
      places: (table) => [...this.#of(table)].map(({ place }) => place),
    });
    this.#parts = {
      connection,
      calls: this.#calls,
      sets: this.#sets,
      chance: options.chance ?? Math.random,
      after: options.after ?? after,
    };
    connection.onState(() => {
      if (connection.state.state === "open") this.#opened(connection.state.hello.account_id);
    });
    if (connection.state.state === "open") this.#opened(connection.state.hello.account_id);
  }

  /** Whose tab this is, as the server last said; undefined before it has, and without a sign-in. */
  get account(): string | undefined {
    return this.#account;
  }

  /** How many sets the server has not acknowledged. */
  get waiting(): number {
    return this.#sets.waiting;
  }

  onWaiting(listener: () => void): () => void {
    this.#waitingListeners.add(listener);
    return () => this.#waitingListeners.delete(listener);
  }

  /**
   * Sets a row, or a part of one: what others already see of it here changes at
   * once, and back if the server refuses. It resolves with the acknowledged row,
   * after however many reconnections. Give every field of the primary key, or
   * `id: "new"`.
   */
  set<T extends TableName>(table: T, row: Given<T>, options: SetOptions = {}): Promise<Tables[T]> {
    return this.#sets.add(table, row as Row, options) as Promise<unknown> as Promise<Tables[T]>;
  }

  /** Asks or sets once, without repetition: for those who keep what they send themselves. */
  once(query: unknown, options?: Options, request?: string): Promise<Result> {
    return this.#calls.ask(query, options, request);
  }

  /** Each change of a query as it comes, on this connection only. */
  follow<T extends TableName, S extends Shape<T>>(
    table: T,
    shape: S,
    options: Options,
    follower: Follower<Selected<T, S>>,
  ): () => void {
    return this.watch(wireQuery(table, shape), options, {
      on: (message) => {
        if (message.op === "change") follower.changes(message.changes);
        else follower.start((message.rows ?? []) as unknown as Selected<T, S>[]);
      },
      ended: (error) => follower.ended(error),
    });
  }

  /** Each message of any query as it comes, on this connection only. */
  watch(query: unknown, options: Options, watcher: Watcher): () => void {
    if (this.connection.state.state !== "open")
      return this.#parts.after(0, () => watcher.ended(lostTo(this.connection)));
    const id = this.#calls.start({
      query,
      options: { ...options, changes: true },
      on: (message) => {
        if (message.op === "error") watcher.ended(message.error);
        else watcher.on(message);
      },
      lost: () => watcher.ended(lostTo(this.connection)),
    });
    return () => this.#calls.cancel(id);
  }

  /** Watches a query until the returned function is called; identical queries share one subscription. */
  subscribe(query: ListQuery, listener: () => void): () => void {
    this.#lingering.get(query.key)?.();
    this.#lingering.delete(query.key);
    let subscription = this.#subscriptions.get(query.key);
    if (!subscription) {
      subscription = new Subscription(query, this.#parts);
      this.#subscriptions.set(query.key, subscription);
    }
    const { listeners } = subscription;
    const own = () => listener(); // the same function may come twice, and each goes by itself
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0) this.#linger(query.key);
    };
  }

  /** What is known of a query; the same object until it changes. */
  view(query: ListQuery): Live {
    return this.#subscriptions.get(query.key)?.view ?? LOADING;
  }

  /** Asks every query again that has no rows, for whoever has waited for long. */
  askAgain(): void {
    for (const subscription of this.#subscriptions.values()) subscription.again();
  }

  #opened(account: string | undefined): void {
    const another = this.#greeted && account !== this.#account;
    this.#greeted = true;
    this.#account = account;
    if (another) {
      this.#sets.abandon({ kind: "denied", message: "You have been signed out before this was saved." });
      for (const subscription of this.#subscriptions.values()) subscription.reset();
    }
    this.#sets.resume();
    for (const subscription of this.#subscriptions.values()) subscription.start();
  }

  #linger(key: string): void {
    const stop = this.#parts.after(LINGER_MS, () => {
      this.#lingering.delete(key);
      this.#subscriptions.get(key)?.stop();
      this.#subscriptions.delete(key);
    });
    this.#lingering.set(key, stop);
  }

  *#of(table: TableName): Generator<Subscription> {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.query.table === table) yield subscription;
    }
  }

  #setsChanged(table: TableName): void {
    for (const subscription of this.#of(table)) subscription.changed();
    for (const listener of this.#waitingListeners) listener();
  }
}

function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
