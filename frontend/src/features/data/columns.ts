import { formatSize } from "../../lib/sizes";
import { exactly } from "../../lib/times";
import type { SchemaTable } from "../../wire/schema.gen";
import type { Row, Value } from "../../wire/types.gen";
import { below } from "./tables";

/** How a column is shown. */
export type CellKind = "id" | "time" | "bytes" | "number" | "boolean" | "text" | "json";

export interface Column {
  name: string;
  kind: CellKind;
  /** In letters, so that no row that comes later moves the others. */
  width: number;
}

export interface Cell {
  text: string;
  /** What pointing at it says: all of it, or its number. */
  title?: string;
  /** What can be copied. */
  copy?: string;
}

const WIDTHS: Readonly<Record<CellKind, number>> = {
  id: 16,
  time: 24,
  bytes: 11,
  number: 12,
  boolean: 10,
  text: 26,
  json: 40,
};

const KINDS: Readonly<Record<string, CellKind>> = {
  id: "id",
  time: "time",
  bytes: "bytes",
  integer: "number",
  number: "number",
  boolean: "boolean",
  string: "text",
};

/** More of an id than this tells nobody more. */
const ID_LETTERS = 8;

/** The columns of an answer: the key if nobody asked for it, then what was asked for, as it was. */
export function columnsOf(
  table: SchemaTable | undefined,
  key: readonly string[],
  asked: readonly string[],
  rows: readonly Row[],
): Column[] {
  // What a set answers with may have more than it named.
  const come = Object.keys(rows[0] ?? {}).filter((name) => !asked.includes(name) && !key.includes(name));
  const names = [...key.filter((name) => !asked.includes(name)), ...asked, ...come];
  return names.map((name) => {
    const field = table && below(table, name);
    const kind = field ? (KINDS[field.type] ?? "json") : "json";
    return { name, kind, width: Math.max(WIDTHS[kind], name.length + 3) };
  });
}

/** What stands in a cell; undefined for no value. */
export function cellOf(value: Value | undefined, kind: CellKind): Cell | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Uint8Array) return { text: formatSize(value.byteLength) };
  if (kind === "time" && typeof value === "number") return { text: exactly(value), title: String(value) };
  if (typeof value !== "string") return whole(json(value));
  if (kind !== "id" || value.length <= ID_LETTERS + 2) return whole(value);
  return { text: `${value.slice(0, ID_LETTERS)}…`, title: value, copy: value };
}

function whole(text: string): Cell {
  return text.length > 20 ? { text, title: text } : { text };
}

/** As lyceum.json has it: bytes in base64. */
export function json(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, inner: unknown) => (inner instanceof Uint8Array ? inBase64(inner) : inner), indent);
}

function inBase64(bytes: Uint8Array): { $bytes: string } {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return { $bytes: btoa(letters) };
}
