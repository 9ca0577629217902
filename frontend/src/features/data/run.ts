import { fold, idOf, noRows, type Rows } from "../../live/fold";
import type { LiveStore } from "../../live/LiveStore";
import { type Order, orderOf } from "../../live/order";
import type { Answer, Changes, Options, Result, Row, WireError } from "../../wire/types.gen";

/** How long a change stays marked: long enough to be seen from the corner of an eye. */
const FRESH_MS = 2500;

export interface JobTable {
  name: string;
  key: readonly string[];
  given?: Row;
}

/** What is to be run. */
export interface Job {
  query: unknown;
  options: Options;
  /** The table of each query in it, with its key, and what a set gives. */
  tables: readonly JobTable[];
  /** Whether changes are wanted, too. */
  live: boolean;
  /** Names a set, so that the same can be sent again. */
  request?: string;
}

/** What one query was answered with. */
export interface Answered {
  table: string;
  key: readonly string[];
  rows: readonly Row[];
  /** It was asked for one row, or set one. */
  one: boolean;
  cut: boolean;
  position?: Result["position"];
}

/** What has come since a watch began. */
export interface Watched {
  changes: number;
  /** The fields that have just changed, by row; all of a row that is new. */
  fresh: ReadonlyMap<string, ReadonlySet<string>>;
}

export type RunState =
  | { state: "idle" }
  | { state: "loading"; job: Job }
  /** stale: the connection is away. ended: nothing more comes, because somebody stopped it or the server says why. */
  | {
      state: "ready" | "stale" | "ended";
      job: Job;
      answers: readonly Answered[];
      tookMs: number;
      watched?: Watched;
      error?: WireError;
    }
  | { state: "failed"; job: Job; error: WireError };

export interface RunnerParts {
  now(): number;
  after(ms: number, fn: () => void): () => void;
}

/** Runs one query after the other, and keeps what is known of the last. */
export class Runner {
  readonly #store: LiveStore;
  readonly #parts: RunnerParts;
  readonly #listeners = new Set<() => void>();
  #view: RunState = { state: "idle" };
  #rows: Rows = noRows;
  #order: Order = [];
  #began = 0;
  /** Tells an answer of an earlier run from one of this. */
  #run = 0;
  #stopWatch: (() => void) | undefined;
  #stopState: (() => void) | undefined;

  constructor(store: LiveStore, parts: RunnerParts) {
    this.#store = store;
    this.#parts = parts;
  }

  get view(): RunState {
    return this.#view;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  run(job: Job): void {
    this.#leave();
    this.#began = this.#parts.now();
    this.#show({ state: "loading", job });
    if (job.live) this.#watch(job);
    else this.#ask(job);
  }

  /** Ends a watch and keeps what has come. */
  stop(): void {
    this.#leave();
    if (this.#view.state === "ready" || this.#view.state === "stale") this.#show({ ...this.#view, state: "ended" });
    else if (this.#view.state === "loading") this.#show({ state: "idle" });
  }

  #ask(job: Job): void {
    const run = this.#run;
    this.#store.once(job.query, job.options, job.request).then(
      (result) => {
        if (run !== this.#run) return;
        const parts = result.answers ?? [result];
        const answers = parts.map((part, index) => answered(part, job.tables[index] ?? { name: "", key: [] }));
        this.#show({ state: "ready", job, answers, tookMs: this.#parts.now() - this.#began });
      },
      (error: WireError) => {
        if (run === this.#run) this.#show({ state: "failed", job, error });
      },
    );
  }

  #watch(job: Job): void {
    this.#rows = noRows;
    this.#order = orderOf(job.options.order_by);
    this.#follow(job);
    this.#stopState = this.#store.connection.onState(() => {
      if (this.#stopWatch === undefined && this.#store.connection.state.state === "open") this.#follow(job);
    });
  }

  /** Watches from where we were (L4). */
  #follow(job: Job): void {
    const run = this.#run;
    const { position } = this.#rows;
    this.#stopWatch = this.#store.watch(job.query, position ? { ...job.options, after: position } : job.options, {
      on: (message) => {
        if (run === this.#run) this.#receive(job, message);
      },
      ended: (error) => {
        if (run === this.#run) this.#ended(job, error);
      },
    });
  }

  #receive(job: Job, message: Answer | Changes): void {
    const table = job.tables[0] ?? { name: "", key: [] };
    this.#rows = fold(this.#rows, message, table.key, this.#order);
    const before = "watched" in this.#view ? this.#view.watched : undefined;
    const tookMs = "tookMs" in this.#view ? this.#view.tookMs : this.#parts.now() - this.#began;
    const watched = message.op === "change" ? after(before, message, table.key) : (before ?? nothingYet);
    const { list: rows, cut, position } = this.#rows;
    const answers = [{ table: table.name, key: table.key, rows, cut, position, one: false }];
    this.#show({ state: "ready", job, answers, tookMs, watched });
    if (message.op === "change") this.#fade(job, message, table.key);
  }

  /** Takes the marks of a message away, but for what has changed again since. */
  #fade(job: Job, message: Changes, key: readonly string[]): void {
    const marks = "watched" in this.#view ? this.#view.watched?.fresh : undefined;
    const run = this.#run;
    this.#parts.after(FRESH_MS, () => {
      const view = this.#view;
      if (run !== this.#run || !("watched" in view) || !view.watched || view.job !== job) return;
      const fresh = new Map(view.watched.fresh);
      for (const id of idsIn(message, key)) if (fresh.get(id) === marks?.get(id)) fresh.delete(id);
      this.#show({ ...view, watched: { ...view.watched, fresh } });
    });
  }

  #ended(job: Job, error: WireError): void {
    this.#stopWatch = undefined;
    const away = this.#store.connection.state.state !== "open";
    if (!("answers" in this.#view)) {
      if (!away) this.#leave();
      this.#show({ state: "failed", job, error });
    } else if (away) {
      this.#show({ ...this.#view, state: "stale" });
    } else {
      this.#leave();
      this.#show({ ...this.#view, state: "ended", error });
    }
  }

  #leave(): void {
    this.#run++;
    this.#stopWatch?.();
    this.#stopState?.();
    this.#stopWatch = undefined;
    this.#stopState = undefined;
  }

  #show(view: RunState): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}

const nothingYet: Watched = { changes: 0, fresh: new Map() };

/** What is marked and counted after a message of changes. */
export function after(before: Watched = nothingYet, message: Changes, key: readonly string[]): Watched {
  const fresh = new Map(before.fresh);
  for (const { action, new_val, old_val } of message.changes) {
    const row = new_val ?? old_val;
    if (!row) continue;
    if (action === "delete" || !new_val) fresh.delete(idOf(row, key));
    else
      fresh.set(
        idOf(row, key),
        new Set(Object.keys(new_val).filter((name) => action === "insert" || !key.includes(name))),
      );
  }
  return { changes: before.changes + message.changes.length, fresh };
}

function idsIn(message: Changes, key: readonly string[]): string[] {
  return message.changes.flatMap(({ new_val }) => (new_val ? [idOf(new_val, key)] : []));
}

function answered(result: Result, { name, key, given }: JobTable): Answered {
  const one = result.rows === undefined;
  // A set is acknowledged by its key and what the server has added.
  const rows = result.rows ?? (result.row ? [{ ...given, ...result.row }] : []);
  return { table: name, key, rows, one, cut: result.cut ?? false, position: result.position };
}
