import { expect, test } from "vitest";
import { askedFields, understood, watchable, writes } from "./query";

test.each([
  { query: '{"projects": [{"id": null}]}', options: "{}", act: "get" },
  { query: '{"projects": {"id": "p", "title": "x"}}', options: "{}", act: "set" },
  { query: '{"projects": {"id": "p", "title": null}}', options: '{"set": true}', act: "set" },
  { query: '{"projects": {"id": "p"}}', options: '{"delete": true}', act: "delete" },
  { query: '{"projects": [{"id": null}]}', options: '{"delete": true}', act: "delete" },
  { query: '{"projects": [{}]}', options: "{}", act: "get" },
])("$query with $options is a $act", ({ query, options, act }) => {
  const typed = understood(query, options);
  expect(typed?.parts.map((part) => part.act)).toEqual([act]);
  expect(typed && writes(typed)).toBe(act !== "get");
});

test("one set among an array writes", () => {
  const typed = understood('[{"accounts": [{"id": null}]}, {"projects": {"id": "p", "title": "x"}}]', "{}");
  expect(typed && writes(typed)).toBe(true);
});

test("what is no JSON is not understood, also where a name comes twice", () => {
  expect(understood('{"projects": [{"id": null}]', "{}")).toBeUndefined();
  expect(understood('{"projects": [{"id": null}]}', "{")).toBeUndefined();
  expect(understood('{"projects": [{"id": null}]}', "[]")).toBeUndefined();
  expect(understood('{"projects": {"id": null, "id": "p"}}', "{}")).toBeUndefined();
});

test("one list of a table that tells of changes can be watched", () => {
  const watched = (query: string) => {
    const typed = understood(query, "{}");
    return typed !== undefined && watchable(typed, (table) => table === "projects");
  };
  expect(watched('{"projects": [{"id": null}]}')).toBe(true);
  expect(watched('{"projects": {"id": null}}')).toBe(false);
  expect(watched('{"document_states": [{"seq": null}]}')).toBe(false);
  expect(watched('[{"projects": [{"id": null}]}]')).toBe(false);
});

test("the fields that are asked for come in the order in which they stand", () => {
  expect(askedFields([{ a: [{ z: null, b: null }] }, { c: { d: null } }], 0)).toEqual(["z", "b"]);
  expect(askedFields([{ a: [{ z: null }] }, { c: { d: null } }], 1)).toEqual(["d"]);
});
