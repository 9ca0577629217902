import type { Options } from "../../wire/types.gen";
import { hasNull, type Node, parseJSON, valueOf } from "./json";

/** One query of what has been typed. */
export interface Part {
  act: "get" | "set" | "delete";
  table: string;
  /** The value of the table: an object, or the one object in a list. */
  row?: Extract<Node, { kind: "object" }>;
  list: boolean;
  node: Node;
}

/** What has been typed, understood as far as running it needs. */
export interface Typed {
  query: unknown;
  options: Options;
  parts: readonly Part[];
  /** Whether it is an array of queries. */
  several: boolean;
}

/** What two texts ask for; undefined where one of them is no JSON. */
export function understood(text: string, optionsText: string): Typed | undefined {
  const query = parseJSON(text);
  const options = parseJSON(optionsText);
  if (!query.root || query.problems.length > 0 || options.problems.length > 0) return undefined;
  if (options.root && options.root.kind !== "object") return undefined;
  const given: Options = options.root ? Object(valueOf(options.root)) : {};
  const several = query.root.kind === "list";
  const parts = partsOf(query.root).map((node) => partOf(node, given));
  return { query: valueOf(query.root), options: given, parts, several };
}

/** The queries in an array, or the one that stands alone. (Q1) */
export function partsOf(root: Node): readonly Node[] {
  return root.kind === "list" ? root.items : [root];
}

export function partOf(node: Node, options: { delete?: unknown; set?: unknown }): Part {
  const member = node.kind === "object" ? node.members[0] : undefined;
  const value = member?.value;
  const list = value?.kind === "list";
  const row = list ? value.items[0] : value;
  // A list writes nothing: the server refuses it.
  const sets = options.set === true || (row !== undefined && !list && !hasNull(row));
  const act = options.delete === true ? "delete" : sets ? "set" : "get";
  return { act, table: member?.key.name ?? "", row: row?.kind === "object" ? row : undefined, list, node };
}

/** Whether this could be watched: one list of a table of which changes are told. */
export function watchable({ parts, several }: Typed, watched: (table: string) => boolean): boolean {
  const [part] = parts;
  return !several && part !== undefined && part.act === "get" && part.list && watched(part.table);
}

export function writes({ parts }: Typed): boolean {
  return parts.some(({ act }) => act !== "get");
}

/** The fields that one of the queries names, in its order. */
export function askedFields(query: unknown, index: number): string[] {
  const one: unknown = Array.isArray(query) ? query[index] : query;
  const [value]: unknown[] = Object.values(Object(one));
  return Object.keys(Object(Array.isArray(value) ? value[0] : value));
}
