import type { SchemaTable } from "../../wire/schema.gen";
import { type Node, parseJSON } from "./json";

type ObjectNode = Extract<Node, { kind: "object" }>;

/** A text, and where the caret goes. */
export interface Written {
  text: string;
  caret: number;
}

/** What is only read with a key of the row, or can only be asked for one at a time. */
function asksOne(table: SchemaTable): boolean {
  return !table.watch && table.get !== "nobody";
}

/** The query for every field of a table. */
export function allFields(table: SchemaTable): Written {
  const fields = table.fields.filter(({ get }) => get).map(({ name }) => `    ${JSON.stringify(name)}: null`);
  const row = `{\n${fields.join(",\n")}\n  }`;
  const text = `{\n  "${table.name}": ${asksOne(table) ? row : `[${row}]`}\n}`;
  return { text, caret: text.length };
}

/** The text with a field asked for, too; where it is about another table, a query of its own. */
export function withField(text: string, table: string, path: readonly string[]): Written {
  const { root } = parseJSON(text);
  const member = root?.kind === "object" ? root.members[0] : undefined;
  const row = member?.value?.kind === "list" ? member.value.items[0] : member?.value;
  if (member?.key.name !== table || row?.kind !== "object") {
    const fresh = `{"${table}": [${asking(path)}]}`;
    return { text: fresh, caret: fresh.length };
  }
  let object: ObjectNode = row;
  for (const [depth, name] of path.entries()) {
    const there: Node | undefined = object.members.find(({ key }) => key.name === name)?.value;
    if (!there) return added(text, object, name, asking(path.slice(depth + 1)));
    // All of it is asked for already.
    if (there.kind !== "object") break;
    object = there;
  }
  return { text, caret: object.to };
}

/** What asks for a field as deep as the path: null, {"since": null}. */
function asking(path: readonly string[]): string {
  return path.reduceRight((inner, name) => `{${JSON.stringify(name)}: ${inner}}`, "null");
}

/** The text with a name behind the last of an object, on a line of its own where that is. */
function added(text: string, object: ObjectNode, name: string, value: string): Written {
  const last = object.members.at(-1);
  const at = last ? (last.value ?? last.key).to : object.from + 1;
  const line = last && /\n[ \t]*$/.exec(text.slice(object.from, last.key.from))?.[0];
  const between = last ? `,${line ?? " "}` : "";
  const more = `${between}${JSON.stringify(name)}: ${value}`;
  return { text: text.slice(0, at) + more + text.slice(at), caret: at + more.length };
}
