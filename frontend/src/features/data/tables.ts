import type { Schema, SchemaField, SchemaTable } from "../../wire/schema.gen";

/** Looking things up in the schema, and its sentences. */

/** A field, a table, or what a map may have under any name. */
export type Described = SchemaTable | SchemaField;

export function tableNamed(schema: Schema, name: string): SchemaTable | undefined {
  return schema.tables.find((table) => table.name === name);
}

/** What is at a path below a table; undefined if the schema has nothing there. */
export function describedAt(table: SchemaTable, path: readonly (string | number)[]): Described | undefined {
  let at: Described | undefined = table;
  for (const name of path) {
    if (!at) return undefined;
    at = below(at, String(name));
  }
  return at;
}

export function below(at: Described, name: string): SchemaField | undefined {
  return ("of" in at ? at.of : undefined) ?? at.fields?.find((field) => field.name === name);
}

/** Whether a value of this field has fields of its own. */
export function isDeep(field: Described): boolean {
  return "of" in field || field.fields !== undefined;
}

/** Whether a client may set the field or something below it. */
export function isSettable(field: SchemaField): boolean {
  return field.set !== undefined || field.needs !== undefined || (field.fields ?? []).some(isSettable);
}

/** Names as a sentence lists them, as the server does. */
export function and(names: readonly string[]): string {
  if (names.length === 0) return "none";
  return names.length === 1 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.slice(-1).join()}`;
}

/** The server's sentence for a field that is not there. */
export function noField(path: string, name: string, at: Described): string {
  const names = (at.fields ?? []).map((field) => field.name).toSorted();
  return `${path} has no field "${name}"; its fields are ${and(names)}.`;
}

/** The type and bounds of a field in a few words: "string, 1 to 100 characters". */
export function typeWords(field: SchemaField): string {
  const { type, min = 0, max, one_of, of } = field;
  if (one_of) return one_of.map((value) => `"${value}"`).join(" or ");
  if (of) return `map of ${of.type}s by name`;
  if (max === undefined) return type;
  const unit = type === "bytes" ? " bytes" : type === "string" || type === "id" ? " characters" : "";
  return `${type}, ${min > 0 || unit === "" ? `${min} to ${max}` : `up to ${max}`}${unit}`;
}

/** Who may see and set a field, in a sentence. */
export function rights(schema: Schema, table: SchemaTable, field: SchemaField): string {
  const who = (name: string) => schema.who[name] ?? name;
  const seen = field.get && table.get !== "nobody" ? `Seen by ${who(table.get)}` : "Never answered";
  const setters = [field.set, ...Object.values(field.needs ?? {})].filter((name) => name !== undefined);
  if (setters.length === 0) return `${seen}; ${isSettable(field) ? "parts of it can be set" : "set by the server"}.`;
  const set = [...new Set(setters)].map(who);
  return `${seen}; set by ${and(set)}${field.once ? ", once" : ""}.`;
}
