import { expect, test } from "vitest";
import { SCHEMA } from "../../wire/schema.gen";
import { lintOptions, lintQuery } from "./lint";
import { tableNamed } from "./tables";

const PROJECT_FIELDS =
  "action_request, created, description, disk_full, id, isolation, last_edited, network_note, out_of_memory, restart_reason, server, state, stops_at, title and users";

test.each([
  { text: '{"nope": [{"id": null}]}', at: '"nope"', message: 'There is no table "nope".' },
  {
    text: '{"projects": [{"titel": null}]}',
    at: '"titel"',
    message: `projects has no field "titel"; its fields are ${PROJECT_FIELDS}.`,
  },
  {
    text: '{"projects": [{"state": {"sinse": null}}]}',
    at: '"sinse"',
    message: 'projects.state has no field "sinse"; its fields are error, since and state.',
  },
  {
    text: '{"projects": [{"id": null, "created": {"=": 1}}]}',
    at: '"="',
    message: 'projects.created has no operator "="; the operators are ==, !=, <, <=, >, >= and in.',
  },
  {
    text: '{"projects": [{"id": null, "created": "x"}]}',
    at: '"x"',
    message: "projects.created must be a time in milliseconds since 1970.",
  },
  {
    text: '{"projects": [{"id": null, "state": {"state": "runing"}}]}',
    at: '"runing"',
    message: "projects.state.state must be one of archived, stopped, starting, running, stopping.",
  },
  {
    text: '{"projects": [{"id": null}, {}]}',
    at: '[{"id": null}, {}]',
    message: "The value of projects is an object, or a list of exactly one object; this list has 2.",
  },
  {
    text: '{"projects": {"id": "p", "created": 1}}',
    at: '"created"',
    message:
      "projects.created is set by the server; a set of projects may name action_request, description, id and title.",
  },
  { text: '{"projects": {"title": "x"}}', at: '{"title": "x"}', message: "A set of projects must name id." },
  {
    text: '{"projects": [{"id": "p"}]}',
    at: '[{"id": "p"}]',
    message: "A set of projects is one object, not a list; a get asks for something by null.",
  },
  { text: '[{"accounts": [{"id": null}]}, {"x": {}}]', at: '"x"', message: 'There is no table "x".' },
])("$text: $message", ({ text, at, message }) => {
  const found = lintQuery(SCHEMA, text);
  expect(found.map((problem) => [text.slice(problem.from, problem.to), problem.message])).toEqual([[at, message]]);
});

test.each([
  '{"projects": [{"id": null, "users": {}, "state": {"state": {"in": ["running"]}}}]}',
  '{"projects": {"id": "new", "title": "x"}}',
  '{"accounts": {"id": "a", "editor_settings": {"theme": "dark"}}}',
  '{"projects": [{}]}',
  "",
])("%s is right", (text) => {
  expect(lintQuery(SCHEMA, text)).toEqual([]);
});

test("a delete names the key and nothing else", () => {
  const sentences = (text: string) => lintQuery(SCHEMA, text, { delete: true }).map(({ message }) => message);
  expect(sentences('{"terminals": {"id": "t"}}')).toEqual([]);
  expect(sentences('{"terminals": {"title": "t"}}')).toEqual(["A delete of terminals names id and nothing else."]);
  expect(sentences('{"projects": {"id": "p"}}')).toEqual(["Rows of projects cannot be deleted."]);
});

test.each([
  {
    text: '{"limits": 1}',
    message: 'There is no option "limits"; the options are after, changes, delete, limit, order_by and set.',
  },
  { text: '{"limit": 0}', message: "options.limit of projects must be an integer between 1 and 1000." },
  { text: '{"set": 1}', message: "options.set must be true or false." },
  {
    text: '{"order_by": "-edited"}',
    message: `projects has no field "edited"; its fields are ${PROJECT_FIELDS}.`,
  },
  { text: '{"order_by": "state"}', message: "projects.state has no order; name a field below it." },
])("options $text: $message", ({ text, message }) => {
  expect(lintOptions(SCHEMA, text, tableNamed(SCHEMA, "projects")).map((problem) => problem.message)).toEqual([
    message,
  ]);
});

test("a watch is kept in order by what it asks for", () => {
  const sentences = (...asked: string[]) =>
    lintOptions(SCHEMA, '{"order_by": "-created"}', tableNamed(SCHEMA, "projects"), asked).map(
      ({ message }) => message,
    );
  expect(sentences("created")).toEqual([]);
  expect(sentences("title")).toEqual(["Ask for created, too: a watch keeps its rows in order by what it has."]);
});
