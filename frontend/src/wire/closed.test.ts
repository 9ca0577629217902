import { expect, test } from "vitest";
import { classify, type CloseFacts, sentenceOf, worthTrying } from "./closed";

// Each is said only where it is so.
test("that the server cannot be reached is not said of a server whose database is away", () => {
  expect(sentenceOf("no_database")).toMatch(/^The server is there, but its database cannot be reached\./);
  expect(sentenceOf("unreachable")).toMatch(/^The server cannot be reached\./);
});

test.each<[CloseFacts, ReturnType<typeof classify>, boolean]>([
  [{ code: 4401, online: true }, "signed_out", false],
  [{ code: 4426, online: true }, "version", false],
  [{ code: 4409, online: true }, "lost", true],
  [{ code: 4503, online: true }, "no_database", true],
  [{ code: 4000, online: true }, "held_back", true],
  [{ code: 1000, ours: "lost", online: true }, "lost", true],
  [{ code: 1009, online: true }, "too_large", true],
  [{ code: 1001, online: true }, "restarting", true],
  [{ code: 1012, online: true }, "restarting", true],
  [{ code: 1006, online: true }, "unreachable", true],
  [{ code: 1006, online: false }, "no_network", true],
  [{ code: 1000, ours: "left", online: true }, "left", false],
  [{ code: 1000, ours: "silent", online: true }, "silent", true],
  [{ code: 1000, ours: "version", online: true }, "version", false],
])("%o is %s; trying again: %s", (facts, why, again) => {
  expect(classify(facts)).toBe(why);
  expect(worthTrying(why)).toBe(again);
  expect(sentenceOf(why)).toMatch(/^[A-Z].*\.$/);
});
