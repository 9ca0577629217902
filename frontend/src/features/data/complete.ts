import type { Schema, SchemaField, SchemaTable } from "../../wire/schema.gen";
import type { Choice, Choices, Meaning } from "../../ui/code/coding";
import { hasNull, parseJSON } from "./json";
import { type Place, placeAt } from "./place";
import { type Described, describedAt, isDeep, tableNamed, typeWords } from "./tables";

/** How a query at the caret can go on. */
export function completeQuery(schema: Schema, text: string, pos: number): Choices | undefined {
  const place = placeAt(parseJSON(text), text, pos);
  const [first, ...rest] = place.path;
  const path = typeof first === "number" ? rest : place.path; // in an array of queries
  return offered(place, text, pos, choicesOf(schema, place, path));
}

/** What the schema says of the name under the caret. */
export function describeAt(schema: Schema, text: string, pos: number): Meaning | undefined {
  const { path, kind, object, token } = placeAt(parseJSON(text), text, pos);
  const named = object?.members.find(({ key }) => key.from === token.from);
  const whole = kind === "key" && named ? [...path, named.key.name] : path;
  const [name, ...fields] = whole.filter((step) => typeof step === "string");
  const table = tableNamed(schema, name ?? "");
  const described =
    table &&
    describedAt(
      table,
      fields.filter((field) => !schema.operators.includes(field)),
    );
  if (!table || !described) return undefined;
  const type = "key" in described ? undefined : typeWords(described);
  return { title: [name, ...fields].join(".") + (type === undefined ? "" : ` · ${type}`), text: described.text };
}

function choicesOf(schema: Schema, place: Place, path: readonly (string | number)[]): Choice[] {
  const [name, ...rest] = path;
  if (name === undefined) return place.kind === "key" ? tables(schema, place) : begin;
  const table = tableNamed(schema, String(name));
  if (!table) return [];
  if (rest.length === 0 && place.kind === "value") return rowsOrRow;
  const fields = rest[0] === 0 ? rest.slice(1) : rest;
  if (fields.length === 0 && place.kind === "value") return [{ label: "{ }", insert: "{}", caret: 1 }];
  return place.kind === "key" ? names(schema, place, table, fields) : values(schema, table, fields);
}

const begin: Choice[] = [
  { label: "{ }", detail: "a query", insert: "{}", caret: 1 },
  { label: "[ ]", detail: "several queries", insert: "[{}]", caret: 2 },
];

const rowsOrRow: Choice[] = [
  { label: "[{ }]", detail: "all rows that match", insert: "[{}]", caret: 2 },
  { label: "{ }", detail: "one row, or a set", insert: "{}", caret: 1 },
];

function tables(schema: Schema, place: Place): Choice[] {
  if (place.object && place.object.members.length > (place.token.from === place.token.to ? 0 : 1)) return [];
  return schema.tables.map((table) => {
    const body = table.get === "nobody" ? "{}" : "[{}]";
    const inside = table.name.length + 4 + body.length / 2;
    const insert = place.colon ? `"${table.name}"` : `"${table.name}": ${body}`;
    return { label: table.name, info: table.text, insert, caret: place.colon ? undefined : inside };
  });
}

/** The names that an object may still have. */
function names(schema: Schema, place: Place, table: SchemaTable, path: readonly (string | number)[]): Choice[] {
  const at = describedAt(table, path);
  if (!at) return [];
  const used =
    place.object?.members.filter(({ key }) => key.from !== place.token.from).map(({ key }) => key.name) ?? [];
  const name = (label: string, value: string, rest: Partial<Choice>): Choice => ({
    label,
    insert: place.colon ? `"${label}"` : `"${label}": ${value}`,
    ...rest,
  });
  if (path.length > 0 && !("key" in at) && !isDeep(at)) {
    const operators = schema.operators.map((label) => name(label, label === "in" ? "[]" : "", { detail: "operator" }));
    const unset = at.unset ? [name("$unset", "true", { detail: "removes it" })] : [];
    return [...operators, ...unset].filter(({ label }) => !used.includes(label));
  }
  const set = isSet(place);
  const fields = (at.fields ?? []).filter(
    (field) => !used.includes(field.name) && (set || field.get || table.get === "nobody"),
  );
  return fields.map((field) =>
    name(field.name, set || !field.get ? "" : "null", { detail: typeWords(field), info: field.text }),
  );
}

/** Whether an object looks like the beginning of a set: it has values and asks for nothing. */
function isSet({ object, token, path }: Place): boolean {
  if (!object || path.includes(0)) return false;
  const others = object.members.filter(({ key }) => key.from !== token.from);
  return others.length > 0 && others.every(({ value }) => value && !hasNull(value));
}

function values(schema: Schema, table: SchemaTable, path: readonly (string | number)[]): Choice[] {
  const names = path.filter((step) => typeof step === "string");
  const compared = schema.operators.includes(names.at(-1) ?? "");
  const field = describedAt(table, compared ? names.slice(0, -1) : names);
  if (!field || "key" in field) return [];
  const known = knownValues(field);
  if (compared) return known;
  const ask: Choice = { label: "null", detail: "asks for it", insert: "null" };
  if (isDeep(field)) return [ask, { label: "{ }", detail: "a part of it", insert: "{}", caret: 1 }];
  const compare: Choice = { label: "{ }", detail: "compares", insert: "{}", caret: 1 };
  const own: Choice[] =
    table.key.includes(field.name) && table.new_id ? [{ label: '"new"', detail: "makes a row", insert: '"new"' }] : [];
  return [...(field.get ? [ask] : []), ...known, ...own, ...(field.get ? [compare] : [])];
}

function knownValues(field: SchemaField): Choice[] {
  const values = field.type === "boolean" ? ["true", "false"] : (field.one_of ?? []).map((value) => `"${value}"`);
  return values.map((label) => ({ label, insert: label }));
}

/** How the options at the caret can go on. */
export function completeOptions(
  schema: Schema,
  table: SchemaTable | undefined,
  text: string,
  pos: number,
): Choices | undefined {
  const place = placeAt(parseJSON(text), text, pos);
  const [name] = place.path;
  if (name === undefined) {
    if (place.kind === "value") return offered(place, text, pos, [{ label: "{ }", insert: "{}", caret: 1 }]);
    const used = place.object?.members.filter(({ key }) => key.from !== place.token.from).map(({ key }) => key.name);
    const free = schema.options.filter((option) => !used?.includes(option.name));
    const value = (type: string) => (type === "boolean" ? "true" : "");
    const choices = free.map(({ name: label, type, text: info }) => {
      return { label, detail: type, info, insert: place.colon ? `"${label}"` : `"${label}": ${value(type)}` };
    });
    return offered(place, text, pos, choices);
  }
  return offered(place, text, pos, place.kind === "value" ? optionValues(schema, String(name), table) : []);
}

function optionValues(schema: Schema, name: string, table: SchemaTable | undefined): Choice[] {
  const option = schema.options.find((one) => one.name === name);
  if (option?.type === "boolean") return ["true", "false"].map((label) => ({ label, insert: label }));
  if (name === "limit") return ["10", "100", String(table?.limit ?? 1000)].map((label) => ({ label, insert: label }));
  if (name !== "order_by" || !table) return [];
  return ordered(table, "").flatMap(({ label, info }) => [
    { label: `"${label}"`, info, insert: `"${label}"` },
    { label: `"-${label}"`, detail: "descends", info, insert: `"-${label}"` },
  ]);
}

/** The fields by which rows of a table can be ordered, also deep ones. */
function ordered(at: Described, above: string): { label: string; info: string }[] {
  return (at.fields ?? [])
    .filter((field) => field.get)
    .flatMap((field) => {
      const label = above + field.name;
      if (field.fields) return ordered(field, `${label}.`);
      return "of" in field ? [] : [{ label, info: field.text }];
    });
}

/** What fits what has been typed so far, the better first. */
function offered({ token, kind }: Place, text: string, pos: number, choices: readonly Choice[]): Choices | undefined {
  const plain = (word: string) => word.replace(/^"|"$/g, "").toLowerCase();
  const typed = plain(text.slice(token.from, pos));
  const begins = choices.filter(({ label }) => plain(label).startsWith(typed));
  const holds = choices.filter(({ label }) => plain(label).indexOf(typed) > 0);
  // A value that is whole already is no beginning of others.
  if (kind === "value" && pos === token.to && begins.some(({ label }) => label === text.slice(token.from, pos))) return;
  if (begins.length + holds.length === 0) return;
  const closed = text[token.from] !== '"' || (token.to > token.from + 1 && text[token.to - 1] === '"');
  return { from: token.from, to: closed ? token.to : pos, choices: [...begins, ...holds] };
}
