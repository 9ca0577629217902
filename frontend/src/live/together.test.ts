import { expect, test } from "vitest";
import type { Row } from "../wire/types.gen";
import { LiveStore } from "./LiveStore";
import { leaf, ModelServer, type ModelTab, numbers } from "./modelServer";
import { listQuery } from "./query";

const TABS = 4;
const STEPS = 400;
const SEEDS = Array.from({ length: 150 }, (_, n) => n + 1);

const all = listQuery("projects", { id: null, title: null, users: {} });

/** Timers that run when the test says so. */
class Clock {
  #now = 0;
  #timers: { at: number; fn: () => void }[] = [];

  after = (ms: number, fn: () => void): (() => void) => {
    const timer = { at: this.#now + ms, fn };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  pass(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { fn } of due) fn();
  }
}

/** One person, who alone counts in one leaf and shares others. */
class Tab {
  readonly store: LiveStore;
  /** What was set in the own leaf and not refused, in order. */
  own: { n: number; request: string }[] = [];
  refused = 0;
  settled = 0;
  made = 0;
  /** What a person has seen in the own leaf that must not have been there. */
  readonly wrong: string[] = [];
  readonly requests: string[] = [];

  constructor(
    readonly name: string,
    readonly line: ModelTab,
    clock: Clock,
  ) {
    this.store = new LiveStore(line, { chance: () => 0.5, after: clock.after });
    this.store.subscribe(all, () => this.look());
  }

  get rows(): readonly Row[] {
    const view = this.store.view(all);
    return view.state === "ready" || view.state === "stale" ? (view.rows as Row[]) : [];
  }

  row(id: string): Row | undefined {
    return this.rows.find((row) => row["id"] === id);
  }

  /** The own leaf is what we have set last and nobody has refused: never what it was before. */
  look(): void {
    const row = this.row("p1");
    const seen = leaf(row, "users", this.name, "n");
    const wanted = this.own.at(-1)?.n;
    if (!row || seen === wanted) return;
    // A refusal is told by a promise, a moment after it is seen.
    void settle(4).then(() => {
      if (seen !== this.own.at(-1)?.n) this.wrong.push(`${String(seen)} instead of ${String(wanted)}`);
    });
  }

  set(row: Row, options: { delete?: boolean } = {}): void {
    const request = `${this.name}${this.made++}`;
    this.requests.push(request);
    const users = row["users"];
    const n = users === undefined ? undefined : leaf(row, "users", this.name, "n");
    if (typeof n === "number") this.own.push({ n, request });
    this.store.set("projects", row, { ...options, request }).then(
      () => this.settled++,
      () => {
        this.refused++;
        this.own = this.own.filter((other) => other.request !== request);
      },
    );
  }
}

async function settle(turns = 8): Promise<void> {
  for (let n = 0; n < turns; n++) await Promise.resolve();
}

function step(tab: Tab, server: ModelServer, clock: Clock, count: number): void {
  const dice = server.chance();
  const unset = { $unset: true };
  const note: Row = server.chance() < 0.15 ? { note: "refused" } : {};
  if (dice < 0.16) tab.set({ id: "p1", users: { [tab.name]: { n: count } }, ...note });
  else if (dice < 0.24) tab.set({ id: "p1", title: `${tab.name}${count}`, ...note });
  else if (dice < 0.3) tab.set({ id: "p1", users: { shared: { [`k${count % 3}`]: count } }, ...note });
  else if (dice < 0.33) tab.set({ id: "p1", users: { shared: { [`k${count % 3}`]: unset } }, ...note });
  else if (dice < 0.36) tab.set({ id: "p2", title: `${tab.name}${count}`, ...note });
  else if (dice < 0.38) tab.set({ id: "p2" }, { delete: true });
  else if (dice < 0.64) tab.line.takes();
  else if (dice < 0.93) tab.line.gets();
  else if (dice < 0.96) tab.line.drop();
  else if (dice < 0.985) tab.line.open();
  else if (dice < 0.99) server.restart();
  else clock.pass(400);
}

/** Everybody is online, and everything arrives. */
async function finish(tabs: Tab[], clock: Clock): Promise<void> {
  for (let round = 0; round < 10_000; round++) {
    for (const { line } of tabs) {
      line.open();
      line.takes();
      line.happened(true);
      line.gets();
    }
    await settle();
    if (tabs.every(({ line }) => line.idle)) break;
  }
  clock.pass(20_000); // what was acknowledged on the last connections is forgotten
  clock.pass(20_000);
  await settle();
}

// Two people in one row, trains and tunnels: nobody's change is lost, doubled or
// seen to go and come back, and in the end all see what the server has.
test.each(SEEDS)("tabs that set one row come together, and nothing flickers (seed %i)", async (seed) => {
  const chance = numbers(seed);
  const server = new ModelServer(chance);
  server.rows.set("p1", { id: "p1", title: "first", users: {} });
  const clock = new Clock();
  const tabs = Array.from({ length: TABS }, (_, n) => new Tab(`tab${n}`, server.tab(), clock));
  for (let count = 1; count <= STEPS; count++) {
    const tab = tabs[Math.floor(chance() * TABS)];
    if (tab) step(tab, server, clock, count);
    await settle();
  }
  await finish(tabs, clock);

  const rows = [...server.rows.values()].map(({ id, title, users }) => ({
    id,
    ...(title !== undefined && { title }),
    ...(users !== undefined && { users }),
  }));
  for (const tab of tabs) {
    expect(tab.wrong).toEqual([]);
    expect(tab.store.waiting).toBe(0);
    expect(tab.settled + tab.refused).toBe(tab.made);
    expect(new Map(tab.rows.map((row) => [row["id"], row]))).toEqual(new Map(rows.map((row) => [row.id, row])));
    expect(tab.requests.filter((request) => server.stored.has(request))).toHaveLength(tab.settled);
  }
});
