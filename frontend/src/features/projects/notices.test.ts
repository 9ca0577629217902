import { describe, expect, test } from "vitest";
import { clock } from "../../lib/times";
import type { Project } from "../../wire/types.gen";
import { newsOf, shownNews } from "./notices";

const NOW = new Date(2026, 5, 15, 12, 0, 0).getTime();
const MINUTE = 60_000;
const GIB = 2 ** 30;
const project = (changes: Partial<Project> = {}): Project => ({
  id: "p1",
  title: "Graph theory",
  description: "",
  users: {},
  created: 0,
  last_edited: 0,
  state: { state: "running", since: 0 },
  ...changes,
});
const news = (changes: Partial<Project>) => newsOf(project(changes), NOW);
const sentences = (changes: Partial<Project>) => news(changes).map((one) => one.sentence);
const killed = { program: "python3", time: NOW - MINUTE };

test("a project that is well says nothing", () => expect(news({})).toEqual([]));

test("the gravest comes first: the stop, the disk, what was ended, the restart", () => {
  const all = news({
    restart_reason: "Its agent is old.",
    out_of_memory: killed,
    disk_full: NOW,
    stops_at: NOW + MINUTE,
  });
  expect(all.map(({ kind, remedy }) => [kind, remedy])).toEqual([
    ["warn", "keep"],
    ["failed", undefined],
    ["warn", undefined],
    ["info", "restart"],
  ]);
});

test("a stop is told with its time", () => {
  expect(sentences({ stops_at: NOW + 10 * MINUTE })).toEqual([
    `This project will be stopped at ${clock(NOW + 10 * MINUTE)}, because nobody uses it.`,
  ]);
});

describe("out of memory", () => {
  test("names the program and the bound of that time, as far as they are known", () => {
    const at = clock(killed.time);
    expect(sentences({ out_of_memory: { ...killed, memory_bytes: 2 * GIB } })).toEqual([
      `python3 was ended at ${at}, because the project had used its 2 GiB of memory.`,
    ]);
    expect(sentences({ out_of_memory: { time: killed.time } })).toEqual([
      `A program was ended at ${at}, because the project had used all its memory.`,
    ]);
  });

  test("is no news after a while", () => {
    expect(news({ out_of_memory: { program: "R", time: NOW - 14 * MINUTE } })).toHaveLength(1);
    expect(news({ out_of_memory: { program: "R", time: NOW - 16 * MINUTE } })).toEqual([]);
  });

  test("the next one is another notice", () => {
    const [first] = news({ out_of_memory: killed });
    const [second] = news({ out_of_memory: { ...killed, time: NOW } });
    expect(second?.id).not.toBe(first?.id);
  });
});

describe("a project that does not run", () => {
  test("says why, where nobody has stopped it by hand, and nothing of what ran", () => {
    const stopped = { state: "stopped", since: 1, error: "It was stopped because nobody has used it." } as const;
    const all = news({ state: stopped, out_of_memory: killed, restart_reason: "Old." });
    expect(all).toMatchObject([{ sentence: stopped.error, remedy: "start", passing: true }]);
    expect(news({ state: { state: "stopped", since: 1 } })).toEqual([]);
  });

  test("still has a full disk, for its files can be deleted", () => {
    expect(news({ state: { state: "stopped", since: 1 }, disk_full: NOW })).toHaveLength(1);
  });

  test.each(["archived", "starting", "stopping"] as const)("%s: nothing", (state) => {
    expect(news({ state: { state, since: 1 }, stops_at: NOW, disk_full: NOW, out_of_memory: killed })).toEqual([]);
  });
});

test("at most two are shown, one on a narrow screen; what is put away makes room, what goes on cannot be", () => {
  const all = news({ disk_full: NOW, out_of_memory: killed, restart_reason: "Its agent is old." });
  const [disk, memory, restart] = all;
  expect(shownNews(all, new Set(), false)).toEqual([disk, memory]);
  expect(shownNews(all, new Set(), true)).toEqual([disk]);
  expect(shownNews(all, new Set(["disk", memory?.id ?? ""]), false)).toEqual([disk, restart]);
});
