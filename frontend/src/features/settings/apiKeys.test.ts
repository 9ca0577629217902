import { describe, expect, test } from "vitest";
import { curlExample, endOf, hasExpired, reachOf } from "./apiKeys";

describe("what a key reaches", () => {
  const titles = new Map([["p1", "Graphs"]]);
  test.each([
    ["everything", { scope: "all" } as const, "Everything"],
    ["a project by its title", { scope: "project", project_id: "p1" } as const, "Only Graphs"],
    ["one that its account has left", { scope: "project", project_id: "p2" } as const, "A project that you are not in"],
  ])("%s", (_, key, words) => expect(reachOf(key, titles)).toBe(words));
});

test("a key ends after its days, or never", () => {
  expect(endOf("30", 1000)).toBe(1000 + 30 * 86_400_000);
  expect(endOf("", 1000)).toBeUndefined();
  expect(hasExpired({ expires: 1000 }, 999)).toBe(false);
  expect(hasExpired({ expires: 1000 }, 1000)).toBe(true);
  expect(hasExpired({}, 1000)).toBe(false);
});

test("the example is one line that a shell takes as it is", () => {
  expect(curlExample("https://lab.example.org/lyceum/api/query", "lyceum_abc")).toBe(
    `curl https://lab.example.org/lyceum/api/query -H "Authorization: Bearer lyceum_abc" -d '{"query":{"projects":[{"title":null}]}}'`,
  );
});
