import { expect, test } from "vitest";
import { fromHash, toHash } from "./hash";

test("a query goes through an address unchanged", () => {
  const shared = { query: '{"projects": [{"title": "Größe ≥ 3 ✓?"}]}', options: '{"limit": 5}' };
  const hash = toHash(shared);
  expect(hash).toMatch(/^q=[\w-]+$/);
  expect(fromHash(hash)).toEqual(shared);
  expect(fromHash(`#${hash}`)).toEqual(shared);
});

test.each(["", "main", "q=", "q=%%%", "q=bm8", toHash({ query: "x", options: "y" }).slice(0, -4)])(
  "%s is no query",
  (hash) => expect(fromHash(hash)).toBeUndefined(),
);
