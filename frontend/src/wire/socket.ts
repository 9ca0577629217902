import { backoff } from "../lib/backoff";
import { classify, type CloseFacts, worthTrying } from "./closed";
import { decodeMessage, encodeFrame, NUMBER_BYTES, numberOf } from "./codec";
import type { Connection, ConnectionState, Over } from "./connection";
import type { ClientMessage, ServerHello, ServerMessage } from "./types.gen";
import { PROTOCOL_CBOR, VERSION } from "./types.gen";
import { Ways } from "./ways";

/** A server that does not answer a ping or a hello within this time is gone; it is more than any pause for a restart takes. */
const ANSWER_WITHIN_MS = 10_000;

/** How long after the last message of ours it is looked whether all have come through. */
const CHECK_AFTER_MS = 3000;

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
  /** Opens the other way, for where WebSockets are blocked. */
  stream?: () => WebSocketLike;
  /** In [0, 1), as Math.random. */
  chance?: () => number;
  online?: () => boolean;
}

/**
 * The connection of this tab to the server's tables. It connects at once and
 * again after every loss, with growing pauses, until `close`, a sign-out or a
 * server of another version; where WebSockets do not work, over HTTP. It keeps no
 * messages and knows none but hello and ping. All messages are numbered: a gap
 * ends the connection before anything after it is believed.
 */
export class Socket implements Connection {
  #state: ConnectionState = { state: "connecting" };
  readonly #stateListeners = new Set<() => void>();
  readonly #messageListeners = new Set<(message: ServerMessage) => void>();
  readonly #options: SocketOptions & Required<Pick<SocketOptions, "open" | "chance" | "online">>;
  readonly #ways: Ways;
  #socket: WebSocketLike | undefined;
  #over: Over = "socket";
  #ours: CloseFacts["ours"];
  #attempt = 0;
  #lost = 0;
  #said = 0;
  #heard = 0;
  #heardAt = 0;
  #pingAt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setTimeout> | undefined;
  #answerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SocketOptions) {
    this.#options = {
      open: (url, protocol) => new WebSocket(url, protocol) as WebSocketLike,
      chance: Math.random,
      online: () => navigator.onLine,
      ...options,
    };
    this.#ways = new Ways({
      both: options.stream !== undefined,
      open: () => this.#webSocket(),
      better: () => this.reopen(),
    });
    this.#connect(this.#ways.next());
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
    this.#say(message);
    this.#pingWithin(Math.min(CHECK_AFTER_MS, this.#state.hello.ping_every));
    return true;
  }

  retry(): void {
    if (this.#state.state !== "closed" || this.#state.retryAt === undefined) return;
    clearTimeout(this.#retryTimer);
    this.#connect(this.#ways.next());
  }

  wake(): void {
    if (this.#state.state !== "open") {
      this.retry();
    } else if (Date.now() - this.#heardAt > silence(this.#state.hello)) {
      this.#end("silent"); // the server has given us up by now
      this.retry();
    } else {
      this.#ping();
    }
  }

  /** Ends the connection for good, or until `reopen`. */
  close(): void {
    this.#end("left");
  }

  reopen(): void {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#attempt = 0;
    this.#connect(this.#ways.next());
  }

  #connect(over: Over): void {
    this.#ours = undefined;
    this.#over = over;
    this.#said = 0;
    this.#heard = 0;
    this.#set({ state: "connecting", why: this.#state.state === "open" ? undefined : this.#state.why });
    const socket = over === "stream" ? (this.#options.stream?.() ?? this.#webSocket()) : this.#webSocket();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#say({ op: "hello", version: VERSION });
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#closed(code);
    this.#expectAnswer(ANSWER_WITHIN_MS);
  }

  #webSocket(): WebSocketLike {
    return this.#options.open(this.#options.url, PROTOCOL_CBOR);
  }

  #say(message: ClientMessage): void {
    this.#socket?.send(encodeFrame(++this.#said, message));
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return;
    this.#heardAt = Date.now();
    this.#answered();
    if (data.byteLength === 0) return; // only a sign of life
    const frame = new Uint8Array(data);
    if (numberOf(frame) !== ++this.#heard) {
      this.#end("lost");
      return;
    }
    let message: ServerMessage;
    try {
      message = decodeMessage(frame.subarray(NUMBER_BYTES));
    } catch {
      // Before a hello another version has written it; after one, a part of it is missing.
      this.#end(this.#state.state === "open" ? "lost" : "version");
      return;
    }
    switch (message.op) {
      case "hello":
        this.#greeted(message);
        return;
      case "pong":
        this.#lost = 0;
        return;
      default:
        for (const listener of this.#messageListeners) listener(message);
    }
  }

  #greeted(hello: ServerHello): void {
    if (hello.version !== VERSION) {
      this.#end("version");
      return;
    }
    this.#attempt = 0;
    this.#ways.works(this.#over);
    this.#pingAt = Infinity;
    this.#pingWithin(hello.ping_every);
    this.#set({ state: "open", hello, over: this.#over });
  }

  #closed(code: number): void {
    const opened = this.#state.state === "open";
    this.#drop();
    const why = classify({ code, ours: this.#ours, online: this.#options.online() });
    if (!worthTrying(why)) {
      this.#set({ state: "closed", why });
      return;
    }
    const other = this.#ways.failed(this.#over, opened, why);
    if (other !== undefined) {
      this.#connect(other);
      return;
    }
    if (why === "lost") this.#lost++; // it greets each time, and is no better for it
    const wait = backoff(this.#attempt++ + this.#lost, this.#options.chance());
    this.#retryTimer = setTimeout(() => this.#connect(this.#ways.next()), wait);
    this.#set({ state: "closed", why, retryAt: Date.now() + wait });
  }

  /** Ends without waiting for the other side, which may not be there. */
  #end(why: "left" | "silent" | "version" | "lost"): void {
    clearTimeout(this.#retryTimer);
    this.#ours = why;
    this.#closed(1000);
  }

  #drop(): void {
    clearTimeout(this.#pingTimer);
    this.#answered();
    this.#ways.rest();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** Pings after ms, or earlier if that is planned. A timer that comes far too late was suspended. */
  #pingWithin(ms: number): void {
    if (this.#pingAt <= Date.now() + ms) return;
    this.#pingAt = Date.now() + ms;
    clearTimeout(this.#pingTimer);
    this.#pingTimer = setTimeout(() => this.#tick(), ms);
  }

  #tick(): void {
    if (this.#state.state === "open" && Date.now() - this.#pingAt > silence(this.#state.hello)) this.wake();
    else this.#ping();
  }

  #ping(): void {
    if (this.#state.state !== "open") return;
    this.#say({ op: "ping" });
    if (this.#answerTimer === undefined) {
      this.#expectAnswer(Math.min(ANSWER_WITHIN_MS, 2 * this.#state.hello.ping_every));
    }
    this.#pingAt = Infinity;
    this.#pingWithin(this.#state.hello.ping_every);
  }

  #answered(): void {
    clearTimeout(this.#answerTimer);
    this.#answerTimer = undefined;
  }

  #expectAnswer(ms: number): void {
    this.#answerTimer = setTimeout(() => this.#end("silent"), ms);
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener();
  }
}

/** After this long without a word the server takes a tab for gone. */
function silence(hello: ServerHello): number {
  return hello.ping_every * 2.4;
}
