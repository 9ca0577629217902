import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeMessage, encodeMessage } from "./codec";
import type { ClientMessage } from "./types.gen";

/** Messages as the server's tests have written them: what travels is the same on both sides. */
const folder = join(import.meta.dirname, "../../../testdata/wire");

interface Golden {
  from: "client" | "server";
  /** As JSON carries it: bytes are {"$bytes": base64}. */
  message: unknown;
  /** In hexadecimal. */
  cbor: string;
}

const all = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(join(folder, name), "utf8")) as Golden) }));

test("there are messages of both sides", () => {
  expect(new Set(all.map(({ from }) => from))).toEqual(new Set(["client", "server"]));
});

test.each(all.filter(({ from }) => from === "server"))("$name is read as it is meant", ({ message, cbor }) => {
  expect(decodeMessage(fromHex(cbor))).toEqual(withBytes(message));
});

test.each(all.filter(({ from }) => from === "client"))("$name is written byte for byte", ({ message, cbor }) => {
  expect(Buffer.from(encodeMessage(withBytes(message) as ClientMessage)).toString("hex")).toBe(cbor);
});

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return new Uint8Array(Buffer.from(String(value.$bytes), "base64"));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withBytes(inner)]));
}
