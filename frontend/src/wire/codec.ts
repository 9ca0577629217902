import { decode, encode } from "cborg";
import type { ClientMessage, ServerMessage } from "./types.gen";

/** How many bytes of a frame are the number of its message: 1, 2, 3 … in each direction. */
export const NUMBER_BYTES = 4;

/** A message as one binary frame. */
export function encodeFrame(number: number, message: ClientMessage): Uint8Array<ArrayBuffer> {
  const body = encodeMessage(message);
  const frame = new Uint8Array(NUMBER_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, number);
  frame.set(body, NUMBER_BYTES);
  return frame;
}

/** The number of a frame; 0 if it is too short to have one. */
export function numberOf(frame: Uint8Array): number {
  return frame.length < NUMBER_BYTES ? 0 : new DataView(frame.buffer, frame.byteOffset).getUint32(0);
}

/** A message alone, as the golden files have it. */
export function encodeMessage(message: ClientMessage): Uint8Array<ArrayBuffer> {
  // A copy, because cborg lends its own memory for short messages.
  return new Uint8Array(encode(message, { ignoreUndefinedProperties: true }));
}

const OPS = new Set(["hello", "answer", "change", "error", "pong"]);

/** The message in bytes; throws if it is none of those that this version knows. */
export function decodeMessage(bytes: Uint8Array): ServerMessage {
  const message: unknown = decode(bytes, { allowUndefined: false });
  if (typeof message !== "object" || message === null || !("op" in message) || !OPS.has(String(message.op))) {
    throw new Error("not a message of this protocol");
  }
  return message as ServerMessage;
}
