import { expect, test } from "vitest";
import { keepPast, MAX_PAST, type Past, pastOf, type Shelf, withPast } from "./past";

const past = (query: string, time = 0): Past => ({ query, options: "{}", time });

function shelf(): Shelf & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

test("the last is first, the same is there once, and old ones go", () => {
  let list: Past[] = [];
  for (let n = 0; n < MAX_PAST + 5; n++) list = withPast(list, past(`q${n}`, n));
  expect(list.length).toBe(MAX_PAST);
  list = withPast(list, past("q20", 99));
  expect(list[0]).toEqual(past("q20", 99));
  expect(list.filter(({ query }) => query === "q20").length).toBe(1);
});

test("each account has its own; what is cleared is gone from the browser", () => {
  const one = shelf();
  keepPast(one, "ada", [past("hers")]);
  expect(pastOf(one, "ada")).toEqual([past("hers")]);
  expect(pastOf(one, "bob")).toEqual([]);
  keepPast(one, "ada", []);
  expect(one.kept.size).toBe(0);
});

test("a browser that keeps nothing, or something else, is no error", () => {
  const refuse = () => {
    throw new Error("no storage");
  };
  const none: Shelf = { getItem: refuse, setItem: refuse, removeItem: refuse };
  expect(pastOf(none, "ada")).toEqual([]);
  expect(() => keepPast(none, "ada", [past("q")])).not.toThrow();
  const other = shelf();
  other.kept.set("lyceum-queries-ada", '[{"query": 1}, null]');
  expect(pastOf(other, "ada")).toEqual([]);
});
