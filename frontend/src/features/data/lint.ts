import type { Schema, SchemaField, SchemaTable } from "../../wire/schema.gen";
import type { Problem, Range } from "../../ui/code/coding";
import { hasNull, type Leaf, type Node, parseJSON } from "./json";
import { type Part, partOf, partsOf } from "./query";
import { and, type Described, below, isDeep, isSettable, noField, tableNamed } from "./tables";

type ObjectNode = Extract<Node, { kind: "object" }>;

/** What is wrong with a query, in the server's words where it would have some. (Q1 to Q7) */
export function lintQuery(schema: Schema, text: string, options: { delete?: unknown; set?: unknown } = {}): Problem[] {
  const { root, problems } = parseJSON(text);
  if (!root) return problems;
  return [...problems, ...partsOf(root).flatMap((node) => lintPart(schema, node, options))];
}

function lintPart(schema: Schema, node: Node, options: { delete?: unknown; set?: unknown }): Problem[] {
  const sentence = "A query is an object with one key, the name of a table";
  if (node.kind !== "object") return [at(node, `${sentence}.`)];
  const [member, second] = node.members;
  if (!member) return [];
  if (second) return [at(second.key, `${sentence}; this has ${node.members.length} keys.`)];
  const table = tableNamed(schema, member.key.name);
  if (!table) return [at(member.key, `There is no table "${member.key.name}".`)];
  const part = partOf(node, options);
  const { value } = member;
  if (!value) return [];
  if (value.kind === "list" && value.items.length !== 1) {
    const words = `an object, or a list of exactly one object; this list has ${value.items.length}`;
    return [at(value, `The value of ${table.name} is ${words}.`)];
  }
  if (!part.row) return [at(value, `The value of ${table.name} is an object, or a list of exactly one object.`)];
  // What is empty has just been begun.
  if (part.row.members.length === 0) return [];
  if (part.list && !hasNull(part.row)) return [at(value, listSet(table.name))];
  if (part.act === "get") return lintGet(table, part.row);
  return part.act === "set" ? lintSet(table, part.row) : lintDelete(table, part);
}

function listSet(table: string): string {
  return `A set of ${table} is one object, not a list; a get asks for something by null.`;
}

function lintGet(table: SchemaTable, row: ObjectNode): Problem[] {
  const known = (field: SchemaField) => field.get;
  return lintMembers(row, table.name, table, (path, field, value) => lintAsked(path, field, value), known);
}

function lintMembers(
  row: ObjectNode,
  path: string,
  described: Described,
  lint: (path: string, field: SchemaField, value: Node) => Problem[],
  known: (field: SchemaField) => boolean = () => true,
): Problem[] {
  return row.members.flatMap(({ key, value }) => {
    const field = below(described, key.name);
    if (!field || !known(field)) return [at(key, noField(path, key.name, described))];
    return value ? lint(`${path}.${key.name}`, field, value) : [];
  });
}

/** What a get says of one field: null, a value, an operator, or what is below. (Q4) */
function lintAsked(path: string, field: SchemaField, value: Node): Problem[] {
  if (value.kind === "leaf" && value.value === null) return [];
  if (isDeep(field)) {
    if (value.kind !== "object") return [at(value, `${path} is asked for with null or with an object.`)];
    return lintMembers(value, path, field, lintAsked);
  }
  if (value.kind !== "object" || field.type === "bytes") return lintValue(path, field, value);
  if (value.members.length === 0) {
    return [at(value, `${path} needs a value or an operator; the operators are ${and(OPERATORS)}.`)];
  }
  return value.members.flatMap(({ key, value: compared }) => {
    if (!OPERATORS.includes(key.name)) {
      return [at(key, `${path} has no operator "${key.name}"; the operators are ${and(OPERATORS)}.`)];
    }
    if (!compared) return [];
    if (key.name !== "in") return lintValue(path, field, compared);
    if (compared.kind !== "list") return [at(compared, `${path}: in needs a list of values.`)];
    return compared.items.flatMap((item) => lintValue(path, field, item));
  });
}

const OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "in"];

function lintSet(table: SchemaTable, row: ObjectNode): Problem[] {
  const missing = table.key.filter((name) => {
    const field = below(table, name);
    return field && isSettable(field) && !row.members.some(({ key }) => key.name === name);
  });
  const settable = table.fields.filter((field) => isSettable(field) || (table.key.includes(field.name) && field.get));
  const names = settable.map(({ name }) => name).toSorted();
  const setting = (path: string, field: SchemaField, value: Node): Problem[] => {
    if (value.kind === "object" && value.members[0]?.key.name === "$unset") {
      return field.unset ? [] : [at(value, `${path} cannot be removed.`)];
    }
    if (!isDeep(field)) return lintValue(path, field, value);
    if (value.kind !== "object") return [at(value, `${path} must be an object.`)];
    return lintMembers(value, path, field, setting);
  };
  const problems = lintMembers(row, table.name, table, setting);
  const forced = row.members.flatMap(({ key }) => {
    const field = below(table, key.name);
    if (!field || settable.includes(field)) return [];
    return [at(key, `${table.name}.${key.name} is set by the server; a set of ${table.name} may name ${and(names)}.`)];
  });
  const first = missing.length > 0 && table.name !== "members" && table.name !== "patches";
  const named = first ? [at(row, `A set of ${table.name} must name ${and(table.key)}.`)] : [];
  return [...problems, ...forced, ...named];
}

function lintDelete(table: SchemaTable, { row, node }: Part): Problem[] {
  if (table.delete === "nobody") return [at(node, `Rows of ${table.name} cannot be deleted.`)];
  const names = row?.members.map(({ key }) => key.name) ?? [];
  const exact = names.length === table.key.length && table.key.every((name) => names.includes(name));
  return exact ? [] : [at(row ?? node, `A delete of ${table.name} names ${and(table.key)} and nothing else.`)];
}

function lintValue(path: string, field: SchemaField, value: Node): Problem[] {
  const kind = value.kind === "leaf" ? typeOf(value.value) : value.kind;
  const wanted = WANTED[field.type];
  if (!wanted || field.type === "bytes") return [];
  if (kind !== wanted.kind) return [at(value, `${path} must be ${wanted.words}.`)];
  if (field.one_of && value.kind === "leaf" && !field.one_of.includes(String(value.value))) {
    return [at(value, `${path} must be one of ${field.one_of.join(", ")}.`)];
  }
  return [];
}

function typeOf(value: Leaf): string {
  return value === null ? "null" : typeof value;
}

/** The JSON type of each type of the schema, and how the server's sentences name it. */
const WANTED: Readonly<Record<string, { kind: string; words: string }>> = {
  string: { kind: "string", words: "a string" },
  id: { kind: "string", words: "an id" },
  integer: { kind: "number", words: "an integer" },
  number: { kind: "number", words: "a number" },
  time: { kind: "number", words: "a time in milliseconds since 1970" },
  boolean: { kind: "boolean", words: "a boolean" },
};

/**
 * What is wrong with the options of a query (Q6).
 *
 * @param watched the fields that a watch asks for, which is kept in order here by what it has
 */
export function lintOptions(
  schema: Schema,
  text: string,
  table: SchemaTable | undefined,
  watched?: readonly string[],
): Problem[] {
  const { root, problems } = parseJSON(text);
  if (!root) return problems;
  if (root.kind !== "object") return [...problems, at(root, "Options are an object.")];
  const names = schema.options.map(({ name }) => name);
  return root.members.reduce<Problem[]>((found, { key, value }) => {
    if (!names.includes(key.name)) {
      found.push(at(key, `There is no option "${key.name}"; the options are ${and(names)}.`));
    } else if (value) {
      const sentence = optionProblem(schema, key.name, value, table, watched);
      if (sentence !== undefined) found.push(at(value, sentence));
    }
    return found;
  }, problems);
}

function optionProblem(
  schema: Schema,
  name: string,
  value: Node,
  table: SchemaTable | undefined,
  watched: readonly string[] | undefined,
): string | undefined {
  const leaf = value.kind === "leaf" ? value.value : undefined;
  if (schema.options.find((option) => option.name === name)?.type === "boolean") {
    return typeof leaf === "boolean" ? undefined : `options.${name} must be true or false.`;
  }
  if (!table) return undefined;
  if (name === "limit") {
    const good = typeof leaf === "number" && Number.isInteger(leaf) && leaf >= 1 && leaf <= table.limit;
    return good ? undefined : `options.limit of ${table.name} must be an integer between 1 and ${table.limit}.`;
  }
  if (name !== "order_by") return undefined;
  const items = value.kind === "list" ? value.items : [value];
  return items.map((item) => orderProblem(item, table, watched)).find((sentence) => sentence !== undefined);
}

function orderProblem(item: Node, table: SchemaTable, watched: readonly string[] | undefined): string | undefined {
  if (item.kind !== "leaf" || typeof item.value !== "string") {
    return 'options.order_by must be the name of a field, or a list of names; "-" before a name descends.';
  }
  let at: Described = table;
  const steps = item.value.replace(/^-/, "").split(".");
  for (const [depth, step] of steps.entries()) {
    const next = below(at, step);
    if (!next) return noField([table.name, ...steps.slice(0, depth)].join("."), step, at);
    at = next;
  }
  if (isDeep(at)) return `${table.name}.${steps.join(".")} has no order; name a field below it.`;
  const [first = ""] = steps;
  if (!watched || watched.includes(first) || table.key.includes(first)) return undefined;
  return `Ask for ${first}, too: a watch keeps its rows in order by what it has.`;
}

function at({ from, to }: Range, message: string): Problem {
  return { from, to, message };
}
