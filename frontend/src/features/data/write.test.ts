import { expect, test } from "vitest";
import { SCHEMA } from "../../wire/schema.gen";
import { lintQuery } from "./lint";
import { allFields, withField } from "./write";

test.each(SCHEMA.tables.filter(({ get }) => get !== "nobody"))(
  "all fields of $name are a query without a fault",
  (table) => {
    const { text } = allFields(table);
    expect(lintQuery(SCHEMA, text)).toEqual([]);
    expect(Object.keys(JSON.parse(text))).toEqual([table.name]);
  },
);

test.each([
  { case: "nothing yet", text: "", path: ["title"], after: '{"projects": [{"title": null}]}' },
  { case: "an empty row", text: '{"projects": [{}]}', path: ["title"], after: '{"projects": [{"title": null}]}' },
  {
    case: "another table",
    text: '{"accounts": [{"id": null}]}',
    path: ["title"],
    after: '{"projects": [{"title": null}]}',
  },
  {
    case: "behind the last",
    text: '{"projects": [{"id": null}]}',
    path: ["title"],
    after: '{"projects": [{"id": null, "title": null}]}',
  },
  {
    case: "already there",
    text: '{"projects": [{"title": null}]}',
    path: ["title"],
    after: '{"projects": [{"title": null}]}',
  },
  {
    case: "a deep one",
    text: '{"projects": [{"id": null}]}',
    path: ["state", "since"],
    after: '{"projects": [{"id": null, "state": {"since": null}}]}',
  },
  {
    case: "on a line of its own",
    text: '{\n  "projects": [{\n    "id": null\n  }]\n}',
    path: ["title"],
    after: '{\n  "projects": [{\n    "id": null,\n    "title": null\n  }]\n}',
  },
  {
    case: "beside others that are as deep",
    text: '{"projects": [{"state": {"since": null}}]}',
    path: ["state", "state"],
    after: '{"projects": [{"state": {"since": null, "state": null}}]}',
  },
])("$case", ({ text, path, after }) => {
  expect(withField(text, "projects", path).text).toBe(after);
});
