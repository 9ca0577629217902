import { afterEach, beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { Doc, encodeStateAsUpdate } from "yjs";
import { FakeServer } from "../../live/FakeServer";
import { LiveStore } from "../../live/LiveStore";
import { BrowserStash } from "./browserStash";
import { sendLeftovers } from "./sendLeftovers";

let count = 0;
let name: string;
let stash: BrowserStash;

beforeEach(async () => {
  await page.viewport(600, 400);
  name = `stash-${Date.now()}-${++count}`;
  stash = new BrowserStash(name);
});
afterEach(() => indexedDB.deleteDatabase(name));

const place = { account_id: "ada", project_id: "p1", path: "a.tex", document_id: "d1" };
const entry = (n: number) => ({ n, update: new Uint8Array([n]) });

test("D3 what is kept is there for the next tab, in order, until it is acknowledged", async () => {
  await Promise.all([1, 2, 3].map((n) => stash.add(place, "tab1", entry(n))));
  await stash.keep("tab1", new Uint8Array([9]), true);
  const next = new BrowserStash(name);
  const [box] = await next.list(place);
  expect(box).toMatchObject({ origin: "tab1", document_id: "d1", refused: true });
  expect(box?.entries.map(({ n }) => n)).toEqual([1, 2, 3]);
  expect(box?.state).toEqual(new Uint8Array([9]));

  await next.acknowledge("tab1", 2);
  expect((await next.list(place))[0]?.entries.map(({ n }) => n)).toEqual([3]);
  await next.acknowledge("tab1", 3);
  expect(await next.list(place)).toEqual([]);
});

test("D3 an outbox is found only for its account and its file", async () => {
  await stash.add(place, "tab1", entry(1));
  expect(await stash.list({ ...place, account_id: "bob" })).toEqual([]);
  expect(await stash.list({ ...place, path: "b.tex" })).toEqual([]);
  expect(await stash.files("bob")).toEqual([]);
  expect(await stash.files("ada")).toEqual([{ project_id: "p1", path: "a.tex" }]);
});

test("D3 one tab at a time holds an outbox", async () => {
  const release = await stash.hold("tab1");
  expect(release).toBeTypeOf("function");
  expect(await new BrowserStash(name).hold("tab1")).toBeUndefined();
  expect(await stash.hold("tab2")).toBeTypeOf("function");
  release?.();
  await expect.poll(() => new BrowserStash(name).hold("tab1")).toBeTypeOf("function");
});

test("removing forgets everything of an outbox and nothing of others", async () => {
  await stash.add(place, "tab1", entry(1));
  await stash.add(place, "tab2", entry(1));
  await stash.remove("tab1");
  expect((await stash.list(place)).map(({ origin }) => origin)).toEqual(["tab2"]);
});

test("D3 what a closed tab has left is sent by the next page, without opening the file", async () => {
  // The real name, as sendLeftovers finds it.
  const real = new BrowserStash(`lyceum:${new URL(document.baseURI).pathname}`);
  const typed = new Doc();
  typed.getText("content").insert(0, "left behind");
  const account = `ada${Date.now()}`;
  await real.add({ ...place, account_id: account, document_id: "d9", path: "left.tex" }, "closed-tab", {
    n: 1,
    update: encodeStateAsUpdate(typed),
  });
  const server = new FakeServer(account);
  server.source("document_states", () => ({
    document_id: "d9",
    update: encodeStateAsUpdate(new Doc()),
    seq: 0,
    merged: {},
    read_only: false,
  }));
  server.on("patches", () => ({ seq: 1 }));
  expect(await sendLeftovers(new LiveStore(server), account)).toBe(1);
  await expect.poll(() => server.sets.filter(([table]) => table === "patches").length).toBe(1);
  expect(server.sets[0]?.[1]).toMatchObject({ document_id: "d9", origin: "closed-tab", n_from: 1, n: 1 });
  await expect.poll(() => real.files(account)).toEqual([]);
});
