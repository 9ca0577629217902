import type { Schema } from "../../wire/schema.gen";
import { type Node, valueOf } from "./json";
import type { Part } from "./query";
import { and, tableNamed } from "./tables";

/** A value longer than this is not read by anybody in a question. */
const VALUE_LETTERS = 80;

/** What a set or delete will write, in a sentence. */
export function wordsOf(schema: Schema, { act, table, row }: Part): string {
  const { key = [], upsert } = tableNamed(schema, table) ?? {};
  const given = row?.members.flatMap(({ key: { name }, value }) => (value ? [{ name, value }] : [])) ?? [];
  const names = given.filter(({ name }) => key.includes(name));
  const rest = given.filter(({ name }) => !key.includes(name)).flatMap(({ name, value }) => leaves(name, value));
  const which = and(names.map(({ name, value }) => `${name} ${short(value)}`));
  if (act === "delete") return `Delete the row of ${table} with ${which}.`;
  const made = names.some(({ value }) => value.kind === "leaf" && value.value === "new");
  if (made) return `Make a row of ${table}${rest.length > 0 ? `: ${and(rest)}` : ""}.`;
  const where = names.length > 0 ? `In the row of ${table} with ${which}` : `In ${table}`;
  return `${where}${upsert ? " (made if it is not there)" : ""}: ${and(rest)}.`;
}

/** Each value that is set, with the path to it. */
function leaves(path: string, value: Node): string[] {
  if (value.kind === "object" && value.members.length > 0) {
    if (value.members[0]?.key.name === "$unset") return [`remove ${path}`];
    return value.members.flatMap(({ key, value: inner }) => (inner ? leaves(`${path}.${key.name}`, inner) : []));
  }
  return [`set ${path} to ${short(value)}`];
}

function short(value: Node): string {
  const text = JSON.stringify(valueOf(value));
  return text.length > VALUE_LETTERS ? `${text.slice(0, VALUE_LETTERS)}…` : text;
}
