import { expect, test } from "vitest";
import { applyUpdate, Doc, encodeStateAsUpdate } from "yjs";
import { colourOf, decodeSpan, encodeSpan, PEOPLE_COLOURS, peopleOf } from "./cursors";

function pair() {
  const ada = new Doc();
  const bob = new Doc();
  ada.getText("content").insert(0, "one two three");
  applyUpdate(bob, encodeStateAsUpdate(ada));
  return { ada: ada.getText("content"), bob: bob.getText("content") };
}

test("a selection stays on its words while somebody types before it", () => {
  const { ada, bob } = pair();
  const bytes = encodeSpan(ada, { anchor: 4, head: 7 });
  bob.insert(0, "zero ");
  expect(decodeSpan(bob, bytes)).toEqual({ anchor: 9, head: 12 });
  bob.delete(5, 4);
  expect(decodeSpan(bob, bytes)).toEqual({ anchor: 5, head: 8 });
});

test("a caret in words that have not arrived yet is nowhere, not at a wrong place", () => {
  const { ada, bob } = pair();
  ada.insert(13, " four");
  const bytes = encodeSpan(ada, { anchor: 15, head: 15 });
  expect(decodeSpan(bob, bytes)).toBeUndefined();
});

test("bytes that are no position harm nobody", () => {
  const { bob } = pair();
  for (const bytes of [[], [255, 255, 255], [1, 9, 1, 9], [2, 0, 0, 2, 0, 0]]) {
    expect(() => decodeSpan(bob, new Uint8Array(bytes))).not.toThrow();
  }
});

test("who is here: one entry a person, without this tab", () => {
  const position = new Uint8Array([1]);
  const people = peopleOf(
    [
      { id: "own", account_id: "ada", name: "Ada", position },
      { id: "t2", account_id: "eve", name: "Eve" },
      { id: "t3", account_id: "bob", name: "Bob", position },
      { id: "t4", account_id: "bob", name: "Bob", position },
    ],
    "own",
  );
  expect(people.map(({ name, carets }) => [name, carets.length])).toEqual([
    ["Bob", 2],
    ["Eve", 0],
  ]);
});

test("an account has one colour, and accounts differ", () => {
  expect(colourOf("ada")).toBe(colourOf("ada"));
  const colours = new Set(Array.from({ length: 200 }, (_, at) => colourOf(`account${at}`)));
  expect(colours.size).toBe(PEOPLE_COLOURS);
});
