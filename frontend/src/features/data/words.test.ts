import { expect, test } from "vitest";
import { SCHEMA } from "../../wire/schema.gen";
import { parseJSON } from "./json";
import { partOf } from "./query";
import { wordsOf } from "./words";

test.each([
  {
    text: '{"projects": {"id": "p1", "title": "Primes"}}',
    words: 'In the row of projects with id "p1": set title to "Primes".',
  },
  { text: '{"projects": {"id": "new", "title": "Primes"}}', words: 'Make a row of projects: set title to "Primes".' },
  {
    text: '{"accounts": {"id": "a", "editor_settings": {"theme": "dark", "tab_size": 2}}}',
    words:
      'In the row of accounts with id "a": set editor_settings.theme to "dark" and set editor_settings.tab_size to 2.',
  },
  {
    text: '{"registration_tokens": {"id": "r", "note": {"$unset": true}}}',
    words: 'In the row of registration_tokens with id "r": remove note.',
  },
  { text: '{"terminals": {"id": "t"}}', gone: true, words: 'Delete the row of terminals with id "t".' },
])("$words", ({ text, gone, words }) => {
  const { root } = parseJSON(text);
  expect(root && wordsOf(SCHEMA, partOf(root, { delete: gone }))).toBe(words);
});

test("a long value is cut", () => {
  const { root } = parseJSON(JSON.stringify({ projects: { id: "p", title: "x".repeat(500) } }));
  expect(root && wordsOf(SCHEMA, partOf(root, {})).length).toBeLessThan(160);
});
