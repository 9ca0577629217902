import { parsePlace, type Place } from "../../lib/place";

/** A text frame from the server; bytes are binary frames. They stand in the stream where they belong between the bytes. */
export type ServerFrame =
  /** Bytes from offset `from` follow; questions in those before `live` are not for us (T6). */
  | { op: "hello"; from: number; live: number; cols: number; rows: number; write: boolean }
  /** Bytes before `from` are left out; `modes` brings the screen into the state it has there (T3). */
  | { op: "gap"; from: number; modes: string }
  /** How large the terminal is, and by whose window (T7). */
  | { op: "size"; cols: number; rows: number; by: string; you: boolean }
  /** For which size the old bytes that follow were printed. */
  | { op: "was"; cols: number; rows: number }
  /** Whether this screen answers what programs ask the terminal, from here on (T6). */
  | { op: "answers"; you: boolean }
  /** What was typed or asked for did not happen. */
  | { op: "refused"; message: string }
  | ({ op: "exit" } & Exit)
  | { op: "restarted"; from: number }
  /** What the names of `find` mean, in their order. */
  | { op: "found"; id: number; places: (Place | undefined)[] }
  /** Somebody says in the shell that these are to be opened, and typed last here. */
  | { op: "open"; places: Place[] };

/** The most places that one command opens; the shell refuses more. */
export const MAX_OPEN = 20;

/** The most names that are asked about at once; the server looks at no more. */
export const MAX_NAMES = 64;

/** The longest text frame that the server takes, in bytes. */
export const MAX_CONTROL = 4096;

/** How a shell ended: one of the three is set. */
export interface Exit {
  code?: number;
  signal?: string;
  /** The server's sentence, if it ended with its project. */
  reason?: string;
}

export type ClientFrame =
  { op: "size"; cols: number; rows: number } | { op: "restart" } | { op: "find"; id: number; names: readonly string[] };

/** Reads a text frame; undefined for one that this version does not know, which is then skipped. */
export function parseFrame(text: string): ServerFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof frame !== "object" || frame === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(frame));
  const number = (name: string) => {
    const value = fields.get(name);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  };
  const string = (name: string) => {
    const value = fields.get(name);
    return typeof value === "string" ? value : "";
  };
  const is = (name: string) => fields.get(name) === true;
  switch (fields.get("op")) {
    case "hello":
      return {
        op: "hello",
        from: number("from"),
        live: number("live"),
        cols: number("cols"),
        rows: number("rows"),
        write: is("write"),
      };
    case "gap":
      return { op: "gap", from: number("from"), modes: string("modes") };
    case "size":
      return { op: "size", cols: number("cols"), rows: number("rows"), by: string("by"), you: is("you") };
    case "was":
      return { op: "was", cols: number("cols"), rows: number("rows") };
    case "answers":
      return { op: "answers", you: is("you") };
    case "refused":
      return { op: "refused", message: string("message") };
    case "exit":
      if (string("reason") !== "") return { op: "exit", reason: string("reason") };
      return string("signal") === "" ? { op: "exit", code: number("code") } : { op: "exit", signal: string("signal") };
    case "restarted":
      return { op: "restarted", from: number("from") };
    case "found":
      return { op: "found", id: number("id"), places: list(fields.get("places"), MAX_NAMES).map(parsePlace) };
    case "open":
      return { op: "open", places: list(fields.get("places"), MAX_OPEN).flatMap((one) => parsePlace(one) ?? []) };
    default:
      return undefined;
  }
}

function list(value: unknown, bound: number): unknown[] {
  return Array.isArray(value) ? value.slice(0, bound) : [];
}

/** What a closed socket means: the server says for good, or everything else comes back. */
export type Closed = { again: true; message?: string } | { again: false; message: string };

/** The project does not run, or does not answer: the server's sentence says so. */
const NOT_RUNNING = 1013;

/** @param reason the server's sentence, if it gave one */
export function afterClose(code: number, reason: string): Closed {
  const forGood: Readonly<Record<number, string>> = {
    4401: "You are signed out. Please sign in again.",
    4403: "You may not see this terminal any more.",
    4404: "This terminal does not exist any more.",
    4421: "This project is on another server.",
  };
  const sentence = forGood[code];
  if (sentence === undefined)
    return code === NOT_RUNNING && reason !== "" ? { again: true, message: reason } : { again: true };
  return { again: false, message: reason === "" ? sentence : reason };
}

/** The end of a shell in words (T8). */
export function exitWords({ code, signal, reason }: Exit): string {
  if (reason !== undefined) return `The shell has ended. ${reason}`;
  if (signal !== undefined) return `The shell was ended by ${signal}.`;
  return code === undefined || code === 0 ? "The shell has ended." : `The shell has ended with exit code ${code}.`;
}
