import { decode, encode } from "cborg";
import type { ClientMessage, ServerMessage } from "./types.gen";

/** A message as one binary frame. */
export function encodeMessage(message: ClientMessage): Uint8Array<ArrayBuffer> {
  // A copy, because cborg lends its own memory for short messages.
  return new Uint8Array(encode(message, { ignoreUndefinedProperties: true }));
}

const OPS = new Set(["hello", "answer", "change", "error", "pong"]);

/** The message in a frame; throws if it is none of those that this version knows. */
export function decodeMessage(frame: Uint8Array): ServerMessage {
  const message: unknown = decode(frame, { allowUndefined: false });
  if (typeof message !== "object" || message === null || !("op" in message) || !OPS.has(String(message.op))) {
    throw new Error("not a message of this protocol");
  }
  return message as ServerMessage;
}
