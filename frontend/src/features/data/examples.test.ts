import { expect, test } from "vitest";
import { SCHEMA } from "../../wire/schema.gen";
import { examplesFor } from "./examples";
import { lintOptions, lintQuery } from "./lint";
import { askedFields, understood, writes } from "./query";
import { tableNamed } from "./tables";

test.each([true, false])("the examples are gets without a fault (administrator: %s)", (administrator) => {
  for (const { query, options } of examplesFor(administrator)) {
    const typed = understood(query, options);
    expect(typed && writes(typed), query).toBe(false);
    expect(lintQuery(SCHEMA, query)).toEqual([]);
    const table = tableNamed(SCHEMA, typed?.parts[0]?.table ?? "");
    expect(lintOptions(SCHEMA, options, table, askedFields(typed?.query, 0))).toEqual([]);
  }
});
