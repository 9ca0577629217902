import { backoff } from "../lib/backoff";
import { classify, type CloseFacts, worthTrying } from "./closed";
import { decodeMessage, encodeMessage } from "./codec";
import type { Connection, ConnectionState } from "./connection";
import type { ClientMessage, ServerMessage } from "./types.gen";
import { PING_EVERY_MS, PROTOCOL_CBOR, VERSION } from "./types.gen";

/** A server that does not answer a ping or a hello within this time is gone; it is more than any pause for a restart takes. */
const ANSWER_WITHIN_MS = 10_000;

/** The part of a browser's WebSocket that is used. */
export interface WebSocketLike {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export interface SocketOptions {
  url: string;
  open?: (url: string, protocol: string) => WebSocketLike;
  /** In [0, 1), as Math.random. */
  chance?: () => number;
  online?: () => boolean;
}

/**
 * The connection of this tab to the server's tables. It connects at once and
 * again after every loss, with growing pauses, until `close`, a sign-out or a
 * server of another version; it keeps no messages and knows none but hello and
 * ping.
 */
export class Socket implements Connection {
  #state: ConnectionState = { state: "connecting" };
  readonly #stateListeners = new Set<() => void>();
  readonly #messageListeners = new Set<(message: ServerMessage) => void>();
  readonly #options: Required<SocketOptions>;
  #socket: WebSocketLike | undefined;
  #ours: CloseFacts["ours"];
  #attempt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #silenceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SocketOptions) {
    this.#options = {
      open: (url, protocol) => new WebSocket(url, protocol) as WebSocketLike,
      chance: Math.random,
      online: () => navigator.onLine,
      ...options,
    };
    this.#connect();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  onState(listener: () => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.#messageListeners.add(listener);
    return () => this.#messageListeners.delete(listener);
  }

  send(message: ClientMessage): boolean {
    if (this.#state.state !== "open" || !this.#socket) return false;
    this.#socket.send(encodeMessage(message));
    return true;
  }

  retry(): void {
    if (this.#state.state !== "closed" || this.#state.retryAt === undefined) return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  }

  /** Ends the connection for good, or until `reopen`. */
  close(): void {
    this.#end("left");
  }

  reopen(): void {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#attempt = 0;
    this.#connect();
  }

  #connect(): void {
    this.#ours = undefined;
    this.#set({ state: "connecting" });
    const socket = this.#options.open(this.#options.url, PROTOCOL_CBOR);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      socket.send(encodeMessage({ op: "hello", version: VERSION }));
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#closed(code);
    this.#expectAnswer();
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return;
    let message: ServerMessage;
    try {
      message = decodeMessage(new Uint8Array(data));
    } catch {
      this.#end("version"); // what we cannot read was written by another version
      return;
    }
    this.#heard();
    switch (message.op) {
      case "hello":
        if (message.version !== VERSION) {
          this.#end("version");
          return;
        }
        this.#attempt = 0;
        this.#set({ state: "open", hello: message });
        return;
      case "pong":
        return;
      default:
        for (const listener of this.#messageListeners) listener(message);
    }
  }

  #closed(code: number): void {
    this.#drop();
    const why = classify({ code, ours: this.#ours, online: this.#options.online() });
    if (!worthTrying(why)) {
      this.#set({ state: "closed", why });
      return;
    }
    const wait = backoff(this.#attempt++, this.#options.chance());
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
    this.#set({ state: "closed", why, retryAt: Date.now() + wait });
  }

  /** Ends without waiting for the other side, which may not be there. */
  #end(why: "left" | "silent" | "version"): void {
    clearTimeout(this.#retryTimer);
    this.#ours = why;
    this.#closed(1000);
  }

  #drop(): void {
    clearTimeout(this.#silenceTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #heard(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      this.send({ op: "ping" });
      this.#expectAnswer();
    }, PING_EVERY_MS);
  }

  #expectAnswer(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#end("silent"), ANSWER_WITHIN_MS);
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener();
  }
}
