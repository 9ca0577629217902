import { expect, test } from "vitest";
import { SCHEMA } from "../../wire/schema.gen";
import { completeOptions, completeQuery, describeAt } from "./complete";
import { tableNamed } from "./tables";

/** What is offered where "|" stands, and the text after the first is taken. */
function offered(marked: string) {
  const pos = marked.indexOf("|");
  const text = marked.replace("|", "");
  const found = completeQuery(SCHEMA, text, pos);
  const first = found?.choices[0];
  const taken = found && first ? text.slice(0, found.from) + first.insert + text.slice(found.to) : undefined;
  return { labels: found?.choices.map(({ label }) => label) ?? [], taken };
}

test.each([
  { case: "a table by its beginning", text: '{"pro|"}', taken: '{"projects": [{}]}' },
  { case: "a table without quotes", text: "{pro|}", taken: '{"projects": [{}]}' },
  { case: "a table with a value keeps it", text: '{"pro|": [{}]}', taken: '{"projects": [{}]}' },
  { case: "a table that is only set", text: '{"membe|"}', taken: '{"members": {}}' },
  { case: "a field is asked for", text: '{"projects": [{"ti|"}]}', taken: '{"projects": [{"title": null}]}' },
  {
    case: "a further field",
    text: '{"projects": [{"id": null, las|}]}',
    taken: '{"projects": [{"id": null, "last_edited": null}]}',
  },
  { case: "a field in a set", text: '{"projects": {"id": "p", ti|}}', taken: '{"projects": {"id": "p", "title": }}' },
  {
    case: "a deep field",
    text: '{"projects": [{"state": {"si|"}}]}',
    taken: '{"projects": [{"state": {"since": null}}]}',
  },
  {
    case: "a field below a map",
    text: '{"projects": [{"users": {"a": {ro|}}}]}',
    taken: '{"projects": [{"users": {"a": {"role": null}}}]}',
  },
  {
    case: "a value of a few",
    text: '{"projects": [{"state": {"state": "run|"}}]}',
    taken: '{"projects": [{"state": {"state": "running"}}]}',
  },
  {
    case: "a boolean",
    text: '{"accounts": [{"administrator": t|}]}',
    taken: '{"accounts": [{"administrator": true}]}',
  },
  { case: "an operator", text: '{"projects": [{"created": {">|"}}]}', taken: '{"projects": [{"created": {">": }}]}' },
  {
    case: "a value behind an operator",
    text: '{"accounts": [{"administrator": {"==": f|}}]}',
    taken: '{"accounts": [{"administrator": {"==": false}}]}',
  },
  {
    case: "a query of an array",
    text: '[{"accounts": [{"id": null}]}, {"pro|"}]',
    taken: '[{"accounts": [{"id": null}]}, {"projects": [{}]}]',
  },
  { case: "an unclosed name", text: '{"projects": [{"ti|', taken: '{"projects": [{"title": null' },
])("$case", ({ text, taken }) => {
  expect(offered(text).taken).toBe(taken);
});

test("what is there already is not offered again", () => {
  const { labels } = offered('{"projects": [{"title": null, |}]}');
  expect(labels).toContain("id");
  expect(labels).not.toContain("title");
});

test("every operator is offered, and $unset where the schema lets a field be removed", () => {
  expect(offered('{"projects": [{"created": {|}}]}').labels).toEqual([...SCHEMA.operators]);
  const field = SCHEMA.tables
    .flatMap((table) => table.fields.map((one) => ({ table, one })))
    .find(({ one }) => one.unset && !one.fields && !one.of);
  if (field) expect(offered(`{"${field.table.name}": {"${field.one.name}": {|}}}`).labels).toContain("$unset");
});

test("nothing is offered where the schema has nothing, or where a value is whole", () => {
  expect(offered('{"nothing": [{"a|"}]}').labels).toEqual([]);
  expect(offered('{"projects": [{"title": null|}]}').labels).toEqual([]);
  expect(offered('{"projects": [{"id": null}], |}').labels).toEqual([]);
});

test("options and their values", () => {
  const options = (marked: string) => {
    const found = completeOptions(SCHEMA, tableNamed(SCHEMA, "projects"), marked.replace("|", ""), marked.indexOf("|"));
    return found?.choices.map(({ label }) => label) ?? [];
  };
  expect(options("{|}")).toEqual(SCHEMA.options.map(({ name }) => name));
  expect(options('{"limit": 1, or|}')).toEqual(["order_by"]);
  expect(options('{"order_by": "-la|"}')).toEqual(['"-last_edited"']);
  expect(options('{"order_by": "since|"}')).toContain('"state.since"');
  expect(options('{"changes": |}')).toEqual(["true", "false"]);
});

test("what a name under the pointer means", () => {
  const meaning = (marked: string) => describeAt(SCHEMA, marked.replace("|", ""), marked.indexOf("|"));
  expect(meaning('{"proj|ects": [{"id": null}]}')?.text).toBe("A project: people, files, and what runs.");
  expect(meaning('{"projects": [{"state": {"si|nce": null}}]}')).toEqual({
    title: "projects.state.since · time",
    text: "Since when.",
  });
  expect(meaning('{"projects": [{"noth|ing": null}]}')).toBeUndefined();
});
