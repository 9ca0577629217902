import type { Closed } from "./closed";
import type { ClientMessage, ServerHello, ServerMessage } from "./types.gen";

/** What carries a connection: a WebSocket, or HTTP where those are blocked. */
export type Over = "socket" | "stream";

/** Where a connection is at a moment; a new object after every change. */
export type ConnectionState =
  /** why is that of the loss before, missing at the first attempt. */
  | { state: "connecting"; why?: Closed }
  | { state: "open"; hello: ServerHello; over: Over }
  /** retryAt (milliseconds since 1970) is when it is tried again; missing if it is not. */
  | { state: "closed"; why: Closed; retryAt?: number };

/** A way to the server's tables that comes and goes. Socket is the real one; tests play it. */
export interface Connection {
  readonly state: ConnectionState;

  /** Calls listener after each change of state; returns how to stop that. */
  onState(listener: () => void): () => void;

  /** Calls listener for each message but hello and pong; returns how to stop that. */
  onMessage(listener: (message: ServerMessage) => void): () => void;

  /** Sends if the state is open, and says whether it was. What is not sent is the caller's to keep. */
  send(message: ClientMessage): boolean;

  /** Tries now instead of at retryAt. */
  retry(): void;

  /** Looks at once whether the connection is still there: after a suspend. */
  wake(): void;

  /** Connects anew: after a sign-in or sign-out, when the server takes us for somebody else. */
  reopen(): void;
}
