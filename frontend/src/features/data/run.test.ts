import { beforeEach, expect, test } from "vitest";
import { FakeConnection } from "../../live/fakeConnection";
import { LiveStore } from "../../live/LiveStore";
import { type Job, Runner, type RunState } from "./run";

const JOB: Job = {
  query: { projects: [{ title: null }] },
  options: {},
  tables: [{ name: "projects", key: ["id"] }],
  live: true,
};

let connection: FakeConnection;
let runner: Runner;
let timers: (() => void)[];
let now: number;

beforeEach(() => {
  connection = new FakeConnection();
  timers = [];
  now = 0;
  const after = (_ms: number, fn: () => void) => {
    timers.push(fn);
    return () => {};
  };
  runner = new Runner(new LiveStore(connection, { after }), { now: () => now, after });
  connection.opens("ada");
});

/** The view, if it has an answer. */
function came(): Extract<RunState, { answers: unknown }> {
  const { view } = runner;
  if (!("answers" in view)) throw new Error(`no answer: ${JSON.stringify(view)}`);
  return view;
}

const position = (n: number) => ({ log: "l", n });
const answers = (...rows: { id: string; title: string }[]) =>
  connection.says({ op: "answer", id: connection.lastAsk().id, rows, position: position(1), start: true });
const changes = (n: number, id: string, title: string) =>
  connection.says({
    op: "change",
    id: connection.lastAsk().id,
    changes: [{ action: "update", new_val: { id, title }, old_val: { id } }],
    position: position(n),
  });

test("a watch shows its rows, then marks and counts what changes, for a moment", () => {
  runner.run(JOB);
  now = 41;
  answers({ id: "a", title: "A" }, { id: "b", title: "B" });
  expect(came()).toMatchObject({ state: "ready", tookMs: 41, watched: { changes: 0 } });
  changes(2, "b", "B2");
  expect(came().answers[0]?.rows).toEqual([
    { id: "a", title: "A" },
    { id: "b", title: "B2" },
  ]);
  expect(came().watched?.changes).toBe(1);
  expect([...(came().watched?.fresh ?? [])]).toEqual([["b", new Set(["title"])]]);
  expect(came().tookMs).toBe(41);
  timers.forEach((fn) => fn());
  expect(came().watched?.fresh.size).toBe(0);
  expect(came().watched?.changes).toBe(1);
});

test("a mark that was renewed outlives the first one's moment", () => {
  runner.run(JOB);
  answers({ id: "a", title: "A" });
  changes(2, "a", "A2");
  changes(3, "a", "A3");
  timers[0]?.();
  expect(came().watched?.fresh.has("a")).toBe(true);
  timers[1]?.();
  expect(came().watched?.fresh.has("a")).toBe(false);
});

test("offline it is stale, and goes on from its position when the connection is back", () => {
  runner.run(JOB);
  answers({ id: "a", title: "A" });
  changes(7, "a", "A2");
  connection.drops();
  expect(came()).toMatchObject({ state: "stale" });
  expect(came().answers[0]?.rows).toEqual([{ id: "a", title: "A2" }]);
  connection.opens("ada");
  expect(connection.lastAsk().options).toMatchObject({ changes: true, after: position(7) });
  connection.says({ op: "answer", id: connection.lastAsk().id, rows: [], position: position(7) });
  expect(came().state).toBe("ready");
  expect(came().watched?.changes).toBe(1);
});

test("what is stopped stays as it was, and asks no more", () => {
  runner.run(JOB);
  answers({ id: "a", title: "A" });
  runner.stop();
  expect(came().state).toBe("ended");
  expect(connection.sent.at(-1)).toMatchObject({ op: "cancel" });
  const asks = connection.asks.length;
  connection.drops();
  connection.opens("ada");
  expect(connection.asks.length).toBe(asks);
});

test("a watch that the server ends says why and keeps its rows", () => {
  runner.run(JOB);
  answers({ id: "a", title: "A" });
  const error = { kind: "denied" as const, message: "No more." };
  connection.says({ op: "error", id: connection.lastAsk().id, error });
  expect(came()).toMatchObject({ state: "ended", error });
});

test("an answer of an earlier run does not take the place of a later one's", async () => {
  runner.run({ ...JOB, live: false });
  const first = connection.lastAsk().id;
  runner.run({ ...JOB, live: false });
  connection.says({ op: "answer", id: first, rows: [{ id: "old" }] });
  await Promise.resolve();
  expect(runner.view.state).toBe("loading");
});

test("a refused query has the server's sentence, and is sent again with the same request", async () => {
  const job: Job = { ...JOB, query: { projects: { id: "a", title: "B" } }, live: false, request: "r1" };
  runner.run(job);
  const error = { kind: "unavailable" as const, message: "Not now." };
  connection.says({ op: "error", id: connection.lastAsk().id, error });
  await Promise.resolve();
  await Promise.resolve();
  expect(runner.view).toMatchObject({ state: "failed", error });
  if (runner.view.state === "failed") runner.run(runner.view.job);
  expect(connection.lastAsk().request).toBe("r1");
});

test("an array is answered query by query", async () => {
  const tables = [
    { name: "projects", key: ["id"] },
    { name: "accounts", key: ["id"] },
  ];
  runner.run({ query: [], options: {}, tables, live: false });
  connection.says({
    op: "answer",
    id: connection.lastAsk().id,
    answers: [{ rows: [{ id: "a" }], cut: true }, { row: null }],
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(came().answers).toMatchObject([
    { table: "projects", rows: [{ id: "a" }], cut: true, one: false },
    { table: "accounts", rows: [], cut: false, one: true },
  ]);
});
