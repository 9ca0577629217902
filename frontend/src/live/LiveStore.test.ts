import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answer, Change, WireError } from "../wire/types.gen";
import { FakeConnection } from "./fakeConnection";
import { LiveStore } from "./LiveStore";
import { listQuery } from "./query";

const projects = listQuery("projects", { id: null, title: null });
const denied: WireError = { kind: "denied", message: "Ask an owner of this project." };
const down: WireError = { kind: "unavailable", message: "The project is starting." };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const server = new FakeConnection();
  const store = new LiveStore(server, { chance: () => 0 });
  const start = (rows: Answer["rows"], n = 1) =>
    server.says({ op: "answer", id: server.lastAsk("projects").id, rows, start: true, position: { log: "a", n } });
  const change = (id: number, ...changes: Change[]) =>
    server.says({ op: "change", id, changes, position: { log: "a.s", n: 2 } });
  const changeAt = (n: number, ...changes: Change[]) =>
    server.says({ op: "change", id: 1, changes, position: { log: "a.s", n } });
  return { server, store, start, change, changeAt };
}

const rowsOf = (store: LiveStore) => {
  const view = store.view(projects);
  return view.state === "ready" || view.state === "stale" ? view.rows : view.state;
};

test("a query is asked once, whoever watches it, and shared", () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  const heard = vi.fn();
  store.subscribe(projects, heard);
  store.subscribe(listQuery("projects", { title: null, id: null }), heard); // the same, in another order
  expect(server.asks).toHaveLength(1);
  expect(server.lastAsk()).toEqual({
    op: "ask",
    id: 1,
    query: { projects: [{ id: null, title: null }] },
    options: { changes: true },
  });
  expect(rowsOf(store)).toBe("loading");
  start([{ id: "p", title: "Graphs" }]);
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Graphs" }]);
  expect(heard).toHaveBeenCalledTimes(2);
});

test("what is watched before the connection opens is asked when it does", () => {
  const { server, store } = setUp();
  store.subscribe(projects, () => undefined);
  expect(server.sent).toEqual([]);
  server.opens("ada");
  expect(server.asks).toHaveLength(1);
});

test("L4: offline keeps the rows, and coming back continues from the position", () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }], 7);
  server.drops();
  expect(store.view(projects)).toMatchObject({ state: "stale", rows: [{ id: "p" }] });
  server.opens("ada");
  expect(server.lastAsk().options).toEqual({ changes: true, after: { log: "a", n: 7 } });
  server.says({ op: "answer", id: server.lastAsk().id, position: { log: "a", n: 7 } });
  expect(store.view(projects)).toMatchObject({ state: "ready", rows: [{ id: "p" }] });
});

// "Loading…" for ever: whoever waits can ask again, and only what is not answered is.
test("what is not answered is asked again when somebody wants it, and the first question given up", () => {
  const { server, store, start } = setUp();
  const settings = listQuery("site_settings", { id: null });
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  store.subscribe(settings, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  store.askAgain();
  expect(server.asks.map(({ id, query }) => [id, Object.keys(query as object)[0]])).toEqual([
    [1, "projects"],
    [2, "site_settings"],
    [3, "site_settings"],
  ]);
  expect(server.sent).toContainEqual({ op: "cancel", id: 2 });
  server.says({ op: "answer", id: 2, rows: [{ id: "late" }], start: true });
  expect(store.view(settings).state).toBe("loading");
  server.says({ op: "answer", id: 3, rows: [{ id: "site" }], start: true, position: { log: "a", n: 1 } });
  expect(store.view(settings)).toMatchObject({ state: "ready", rows: [{ id: "site" }] });
  server.drops();
  store.askAgain();
  expect(server.asks).toHaveLength(3);
});

test("nobody watches any more: the server is told, but not before a moment has passed", () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  const stop = store.subscribe(projects, () => undefined);
  start([]);
  stop();
  vi.advanceTimersByTime(1000);
  store.subscribe(projects, () => undefined)();
  expect(server.asks).toHaveLength(1);
  vi.advanceTimersByTime(5000);
  expect(server.sent.at(-1)).toEqual({ op: "cancel", id: 1 });
  expect(rowsOf(store)).toBe("loading");
});

test("a refusal takes the rows away and is not repeated; trouble is asked again", () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  server.says({ op: "error", id: 1, error: down });
  expect(store.view(projects).state).toBe("stale");
  vi.advanceTimersByTime(250); // half of the first pause, since chance is 0
  expect(server.asks).toHaveLength(2);
  server.says({ op: "error", id: server.lastAsk().id, error: denied });
  expect(store.view(projects)).toEqual({ state: "failed", error: denied });
  vi.advanceTimersByTime(60_000);
  expect(server.asks).toHaveLength(2);
});

test("a set is seen at once, sent with a request id, and kept when it is acknowledged", async () => {
  const { server, store, start, change } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  const done = store.set("projects", { id: "p", title: "Trees", description: "not asked for here" });
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Trees" }]);
  expect(store.waiting).toBe(1);
  const ask = server.lastAsk();
  expect(ask.options).toEqual({ set: true });
  expect(ask.request).toMatch(/^[a-z2-7]{26}$/);

  change(1, { action: "update", new_val: { id: "p", title: "Trees" }, old_val: { id: "p" } });
  server.says({ op: "answer", id: ask.id, row: { id: "p", title: "Trees" }, position: { log: "a", n: 2 } });
  await expect(done).resolves.toEqual({ id: "p", title: "Trees" });
  expect(store.waiting).toBe(0);
  change(1, { action: "update", new_val: { id: "p", title: "Bob's" }, old_val: { id: "p" } });
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Bob's" }]);
});

// The acknowledgement may overtake the change: the old value must not flash up in between.
test("an acknowledged set stays visible until its change comes", async () => {
  const { server, store, start, change, changeAt } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  const done = store.set("projects", { id: "p", title: "Trees" });
  server.says({
    op: "answer",
    id: server.lastAsk().id,
    row: { id: "p", title: "Trees" },
    position: { log: "a", n: 3 },
  });
  await done;
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Trees" }]);
  // Somebody else's change, from before ours: it must not look like ours, and bring the old value back.
  change(1, { action: "update", new_val: { id: "p", title: "Bob's" }, old_val: { id: "p" } });
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Trees" }]);
  changeAt(3, { action: "update", new_val: { id: "p", title: "Trees!" }, old_val: { id: "p" } });
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Trees!" }]); // as the server has made it
});

test("a refused set is taken back, with the server's sentence", async () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  const done = store.set("projects", { id: "p", title: "Trees" });
  server.says({ op: "error", id: server.lastAsk().id, error: denied });
  await expect(done).rejects.toEqual(denied);
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Graphs" }]);
  expect(store.waiting).toBe(0);
});

// The connection goes between a write and its acknowledgement: nobody knows whether it was done, and the request id makes asking again harmless.
test("W3: what is not acknowledged is sent again after a reconnect, under the same request id", async () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  const done = store.set("projects", { id: "p", title: "Trees" });
  const first = server.lastAsk();
  server.drops();
  await Promise.resolve();
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Trees" }]);
  const later = store.set("projects", { id: "p", description: "later" });
  server.opens("ada");
  const again = server.asks.filter(({ request }) => request !== undefined).slice(1);
  expect(again.map(({ query }) => query)).toEqual([first.query, { projects: { id: "p", description: "later" } }]);
  expect(again[0]?.request).toBe(first.request);
  for (const { id } of again) server.says({ op: "answer", id, row: { id: "p" } });
  await expect(done).resolves.toEqual({ id: "p" });
  await expect(later).resolves.toEqual({ id: "p" });
});

test("a deleted row is gone at once, and back if it may not be deleted", async () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  const done = store.set("projects", { id: "p" }, { delete: true });
  expect(rowsOf(store)).toEqual([]);
  expect(server.lastAsk().options).toEqual({ delete: true });
  server.says({ op: "error", id: server.lastAsk().id, error: denied });
  await expect(done).rejects.toEqual(denied);
  expect(rowsOf(store)).toEqual([{ id: "p", title: "Graphs" }]);
});

// Bob signs in where Ada was: he must see nothing of hers, and none of her changes may be sent as his.
test("another account starts with nothing", async () => {
  const { server, store, start } = setUp();
  server.opens("ada");
  store.subscribe(projects, () => undefined);
  start([{ id: "p", title: "Graphs" }]);
  server.drops();
  const done = store.set("projects", { id: "p", title: "Trees" });
  server.opens("bob");
  await expect(done).rejects.toMatchObject({ kind: "denied" });
  expect(rowsOf(store)).toBe("loading");
  expect(server.asks.filter(({ request }) => request !== undefined)).toEqual([]);
  expect(server.lastAsk().options).toEqual({ changes: true });
});

test("asking once fails offline, and when the connection goes", async () => {
  const { server, store } = setUp();
  await expect(store.once({ document_states: { path: "a" } })).rejects.toMatchObject({ kind: "unavailable" });
  server.opens("ada");
  const lost = store.once({ document_states: { path: "a" } });
  server.drops();
  await expect(lost).rejects.toMatchObject({ kind: "unavailable" });
});

test("no more questions are unanswered at once than the server takes", () => {
  const { server, store } = setUp();
  server.opens("ada");
  for (let n = 0; n < 100; n++) store.subscribe(listQuery("projects", { id: `p${n}` }), () => undefined);
  expect(server.asks).toHaveLength(32);
  server.says({ op: "answer", id: 1, start: true, position: { log: "a", n: 1 } });
  expect(server.asks).toHaveLength(33);
});

test("following gives what comes, and ends with the connection", () => {
  const { server, store } = setUp();
  server.opens("ada");
  const follower = { start: vi.fn(), changes: vi.fn(), ended: vi.fn() };
  store.follow("patches", { document_id: "d", seq: null, update: null }, {}, follower);
  const { id } = server.lastAsk();
  server.says({ op: "answer", id, rows: [{ document_id: "d", seq: 1 }], start: true });
  const changes: Change[] = [{ action: "insert", new_val: { document_id: "d", seq: 2 } }];
  server.says({ op: "change", id, changes, position: { log: "a", n: 1 } });
  server.drops();
  expect(follower.start).toHaveBeenCalledWith([{ document_id: "d", seq: 1 }]);
  expect(follower.changes).toHaveBeenCalledWith(changes);
  expect(follower.ended).toHaveBeenCalledTimes(1);
});
