import { expect, test } from "vitest";
import { hasNull, parseJSON, valueOf } from "./json";

test.each([
  '{"projects": [{"id": null, "title": "a \\"b\\" {", "n": [1, -2.5e3, true, false, {}]}]}',
  " [ ] ",
  "null",
  '"text"',
])("%s is understood as JSON.parse does", (text) => {
  const { root, problems } = parseJSON(text);
  expect(problems).toEqual([]);
  expect(root && valueOf(root)).toEqual(JSON.parse(text));
});

test.each([
  { text: '{"a": 1,}', message: "After this comma something is missing." },
  { text: '{"a" 1}', message: '"a" needs a value; null asks for it.' },
  { text: '{"a": }', message: '"a" needs a value; null asks for it.' },
  { text: "{a: 1}", message: 'Names stand in double quotes: "a".' },
  { text: '{"a": tru}', message: "tru is no value; texts stand in double quotes." },
  { text: '{"a": 01}', message: "01 is no value; texts stand in double quotes." },
  { text: '{"a": "x', message: "This text is not closed by a double quote." },
  { text: '{"a": 1', message: "This bracket is not closed by }." },
  { text: '{"a": [1}', message: "} cannot stand here." },
  { text: '{"a": 1 "b": 2}', message: "A comma is missing before this." },
  { text: '{"a": 1, "a": 2}', message: '"a" is here already.' },
  { text: "{} {}", message: "Nothing may follow the query." },
  { text: '"\\x"', message: "A backslash here is followed by what JSON does not know." },
])("$text: $message", ({ text, message }) => {
  expect(parseJSON(text).problems.map((problem) => problem.message)).toContain(message);
});

test("whatever is typed, reading it ends, and finds a problem exactly where JSON.parse does", () => {
  const whole = '{"p": [{"a": null, "b": {"==": "x"}, "c": [1, 2]}]}';
  const texts = [...whole].flatMap((_, at) => [
    whole.slice(0, at),
    whole.slice(at),
    whole.slice(0, at) + whole.slice(at + 1),
  ]);
  for (const text of [...texts, "[".repeat(5000), "{]}[", ":,:", '{"a":{"a":}}}']) {
    const { problems, root } = parseJSON(text);
    expect(problems.length === 0 && root !== undefined, text).toBe(isJSON(text));
    for (const { from, to } of problems) expect(0 <= from && from <= to && to <= text.length).toBe(true);
  }
});

test("a null at any depth asks", () => {
  const asks = (text: string) => {
    const { root } = parseJSON(text);
    return root !== undefined && hasNull(root);
  };
  expect(asks('{"a": {"b": [1, null]}}')).toBe(true);
  expect(asks('{"a": {"b": [1, "null"]}}')).toBe(false);
});

function isJSON(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
