import { describe, expect, test } from "vitest";
import { keptText } from "./kept";
import { DocumentSession } from "./session";
import { Clock, Line, Room, seeded } from "./session.sim";
import { MemoryStash } from "./stash";

/** A world with one document, and a way to open tabs on it. */
function world(seed: number) {
  const chance = seeded(seed);
  const clock = new Clock();
  const room = new Room();
  let ids = 0;
  const open = (stash: MemoryStash, account = "ada") => {
    const line = new Line(room, clock, chance);
    const session = new DocumentSession({
      server: line,
      stash,
      account_id: account,
      project_id: "p1",
      path: "slides.tex",
      newID: () => `tab${++ids}`,
      chance,
      after: clock.after,
    });
    return { session, line, stash };
  };
  const settle = async () => {
    while (await clock.step());
  };
  return { chance, clock, room, open, settle };
}

type Tab = ReturnType<ReturnType<typeof world>["open"]>;

const text = (tab: Tab) => tab.session.text.toString();

describe("many tabs on a bad network", () => {
  // What goes wrong if it fails: somebody's words vanish, or stand there twice.
  test.each(Array.from({ length: 80 }, (_, seed) => seed + 1))(
    "D1 D3 seed %d: all tabs converge, and each word is there exactly once",
    async (seed) => {
      const { chance, clock, room, open, settle } = world(seed);
      const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(chance() * items.length)];
      const browsers = [new MemoryStash(), new MemoryStash()];
      let tabs: Tab[] = [];
      const join = () => {
        const at = Math.floor(chance() * browsers.length);
        const stash = browsers[at];
        if (stash) tabs.push(open(stash, `account${at}`));
      };
      join();
      join();
      join();
      const typed = new Set<string>();
      let words = 0;
      for (let round = 0; round < 60; round++) {
        const tab = pick(tabs);
        const what = chance();
        if (!tab) break;
        if (what < 0.55 && tab.session.view().phase === "open") {
          const body = tab.session.text;
          const places = [0, ...[...body.toString().matchAll(/>/g)].map((match) => match.index + 1)];
          const word = `<${++words}>`;
          body.insert(pick(places) ?? 0, word);
          typed.add(word);
        } else if (what < 0.65 && tab.session.view().phase === "open") {
          const word = pick([...tab.session.text.toString().matchAll(/<\d+>/g)]);
          if (word) {
            tab.session.text.delete(word.index, word[0].length);
            typed.delete(word[0]);
          }
        } else if (what < 0.75) tab.line.drop();
        else if (what < 0.85) tab.line.restore();
        else if (what < 0.9) {
          // The tab is closed, online or not; its browser opens the file again later.
          tab.line.drop();
          tab.session.close();
          tabs = tabs.filter((one) => one !== tab);
          join();
        } else if (what < 0.93) room.refusals.push({ kind: "conflict", message: "Somebody else was first." });
        await clock.pass(Math.floor(chance() * 120));
      }
      for (const tab of tabs) tab.line.restore();
      for (const [at, stash] of browsers.entries()) tabs.push(open(stash, `account${at}`)); // takes over what closed tabs have left
      await settle();

      const final = room.doc.getText("content").toString();
      for (const tab of tabs) {
        expect(tab.session.view()).toMatchObject({ phase: "open", synced: true, pending: 0, seq: room.patches.length });
        expect(text(tab)).toBe(final);
      }
      const found = [...final.matchAll(/<\d+>/g)].map((match) => match[0]);
      expect(found.toSorted()).toEqual([...typed].toSorted());
      expect(room.patches.map((patch) => patch.seq)).toEqual(room.patches.map((_, at) => at + 1));
    },
  );
});

test("D12 abcd: x after c, y before c, b deleted by three people at once give aycxd everywhere", async () => {
  const { open, settle } = world(7);
  const [ada, bob, eve] = [open(new MemoryStash()), open(new MemoryStash()), open(new MemoryStash())];
  await settle();
  ada.session.text.insert(0, "abcd");
  await settle();
  ada.session.text.insert(3, "x");
  bob.session.text.insert(2, "y");
  eve.session.text.delete(1, 1);
  await settle();
  expect([ada, bob, eve].map(text)).toEqual(["aycxd", "aycxd", "aycxd"]);
});

test("what is typed while a push is on its way goes with the next one, merged", async () => {
  const { open, settle } = world(3);
  const ada = open(new MemoryStash());
  await settle();
  for (const letter of "twenty keys in a row") ada.session.text.insert(ada.session.text.length, letter);
  expect(ada.session.view().pending).toBe(20);
  await settle();
  expect(ada.session.view().pending).toBe(0);
  expect(ada.line.pushes).toBe(2);
});

test("D3 a tab closed offline loses nothing: the next one sends what it left", async () => {
  const { open, settle, room } = world(5);
  const stash = new MemoryStash();
  const before = open(stash);
  await settle();
  before.line.drop();
  before.session.text.insert(0, "typed in a train");
  await settle();
  before.session.close();
  expect(room.patches).toHaveLength(0);

  const after = open(stash);
  await settle();
  expect(text(after)).toBe("typed in a train");
  expect(room.doc.getText("content").toString()).toBe("typed in a train");
  expect(await stash.list({ account_id: "ada", project_id: "p1", path: "slides.tex" })).toEqual([]);
});

test("D3 an outbox is sent only under the account that typed it", async () => {
  const { open, settle, room } = world(6);
  const stash = new MemoryStash();
  const ada = open(stash, "ada");
  await settle();
  ada.line.drop();
  ada.session.text.insert(0, "Ada's");
  ada.session.close();
  const bob = open(stash, "bob");
  await settle();
  expect(text(bob)).toBe("");
  expect(room.patches).toHaveLength(0);
});

test("D3 an outbox that another tab holds is left to it", async () => {
  const { open, settle } = world(8);
  const stash = new MemoryStash();
  const first = open(stash);
  await settle();
  first.line.drop();
  first.session.text.insert(0, "waiting");
  await settle();
  const second = open(stash);
  await settle();
  expect(second.session.view().pending).toBe(0);
  first.line.restore();
  await settle();
  expect(text(second)).toBe("waiting");
});

test("D3 a refused push turns the copy read-only and is never sent again", async () => {
  const { open, settle, room } = world(9);
  const stash = new MemoryStash();
  const ada = open(stash);
  await settle();
  room.refusals.push({ kind: "denied", message: "You are not a member any more." });
  ada.session.text.insert(0, "too late");
  await settle();
  expect(ada.session.view()).toMatchObject({
    phase: "refused",
    readOnly: true,
    message: "You are not a member any more.",
  });
  ada.line.drop();
  ada.line.restore();
  await settle();
  expect(ada.line.pushes).toBe(1);

  // After a reload it is shown and still not sent.
  ada.session.close();
  const again = open(stash);
  await settle();
  expect(again.session.view()).toMatchObject({ phase: "open", pending: 0 });
  const [left] = again.session.view().leftovers;
  expect(left && keptText(left)).toBe("too late");
  expect(room.patches).toHaveLength(0);

  await again.session.discardLeftover(left?.origin ?? "");
  expect(again.session.view().leftovers).toEqual([]);
});

test("D11 a reader's copy is read-only, and what he typed before is not sent", async () => {
  const { open, settle, room } = world(10);
  const ada = open(new MemoryStash());
  await settle();
  ada.line.drop();
  ada.session.text.insert(0, "was an editor");
  room.readOnly = true;
  ada.line.restore();
  await settle();
  expect(ada.session.view()).toMatchObject({ phase: "refused", readOnly: true, pending: 1 });
  expect(ada.line.pushes).toBe(0);
});

test("D4 another document at the same place is asked about, never merged", async () => {
  const { open, settle, room } = world(11);
  const stash = new MemoryStash();
  const ada = open(stash);
  await settle();
  ada.session.text.insert(0, "old ");
  await settle();
  ada.line.drop();
  ada.session.text.insert(4, "file");
  room.id = "d2";
  ada.line.restore();
  await settle();
  expect(ada.session.view()).toMatchObject({ phase: "replaced", readOnly: true, pending: 1 });
  expect(text(ada)).toBe("old file");

  ada.session.close();
  const again = open(stash);
  await settle();
  expect(again.session.view().phase).toBe("open");
  const [left] = again.session.view().leftovers;
  expect(left && keptText(left)).toBe("old file");
});

test("D4 a server that has lost a part of the document is asked about too", async () => {
  const { open, settle, room } = world(12);
  const ada = open(new MemoryStash());
  await settle();
  ada.session.text.insert(0, "acknowledged");
  await settle();
  ada.line.drop();
  room.patches.length = 0;
  ada.line.restore();
  await settle();
  expect(ada.session.view().phase).toBe("replaced");
});

test("a file that cannot be opened says the server's sentence and can be tried again", async () => {
  const { open, settle, room } = world(13);
  const state = room.state.bind(room);
  room.state = () => {
    throw { kind: "invalid", message: "This file is not text." };
  };
  const ada = open(new MemoryStash());
  await settle();
  expect(ada.session.view()).toMatchObject({ phase: "failed", message: "This file is not text." });
  room.state = state;
  ada.session.retry();
  await settle();
  expect(ada.session.view().phase).toBe("open");
});

test("a browser that keeps nothing says so", async () => {
  const { open, settle } = world(14);
  const stash = new MemoryStash();
  stash.add = () => Promise.reject(new Error("QuotaExceededError"));
  const ada = open(stash);
  await settle();
  ada.line.drop();
  ada.session.text.insert(0, "x");
  await settle();
  expect(ada.session.view()).toMatchObject({ pending: 1, unkept: true });
  ada.line.restore();
  await settle();
  expect(ada.session.view()).toMatchObject({ pending: 0, unkept: false });
});

test("D3 a gap in the patches is asked for instead of being skipped", async () => {
  const { open, settle, room } = world(15);
  const [ada, bob] = [open(new MemoryStash()), open(new MemoryStash())];
  await settle();
  const follow = bob.line.follow.bind(bob.line);
  let lost = 1; // the first message with patches never arrives
  bob.line.follow = (document, seq, on) =>
    follow(document, seq, { ...on, patches: (patches) => (lost-- > 0 ? undefined : on.patches(patches)) });
  bob.line.drop();
  bob.line.restore();
  await settle();
  for (const word of ["one ", "two "]) {
    ada.session.text.insert(ada.session.text.length, word);
    await settle();
  }
  expect(bob.session.view()).toMatchObject({ synced: true, seq: room.patches.length });
  expect(text(bob)).toBe("one two ");
});
