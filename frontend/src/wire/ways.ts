import type { Closed } from "./closed";
import type { Over } from "./connection";
import type { WebSocketLike } from "./socket";

/** After so many WebSockets that did not open, or that lost messages, the other way is tried. */
const MAX_FAILURES = 2;

/** While the other way is in use a WebSocket is tried after this long, then after twice as long, and so on. */
const FIRST_LOOK_MS = 60_000;
const LAST_LOOK_MS = 30 * 60_000;

export interface WaysParts {
  /** Whether there is another way than WebSockets. */
  both: boolean;
  /** Opens a WebSocket, to see whether that works again. */
  open(): WebSocketLike;
  /** Called when it does. */
  better(): void;
}

/**
 * Which way to the server to take: a WebSocket; where that fails twice to open, or
 * loses messages twice, HTTP, for as long as WebSockets do not open. A server that
 * is away fails on both ways: the WebSocket comes first again each time.
 */
export class Ways {
  readonly #parts: WaysParts;
  #unopened = 0;
  #lossy = 0;
  #blocked = false;
  #lookAfter = FIRST_LOOK_MS;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  #looking: WebSocketLike | undefined;

  constructor(parts: WaysParts) {
    this.#parts = parts;
  }

  next(): Over {
    return this.#blocked ? "stream" : "socket";
  }

  /** The server has greeted on this way. */
  works(over: Over): void {
    if (over === "socket") {
      this.#unopened = 0;
      return;
    }
    this.#blocked = true;
    this.#lookLater();
  }

  /** It has ended. Returns the way that is to be taken at once, if any. */
  failed(over: Over, opened: boolean, why: Closed): Over | undefined {
    if (why === "no_database") return; // the server is reached, and says so
    if (over === "stream") {
      if (!opened) this.#blocked = false;
      return;
    }
    if (!this.#parts.both || why === "no_network") return;
    if (!opened) this.#unopened++;
    if (why === "lost") this.#lossy++;
    if (this.#lossy >= MAX_FAILURES) {
      this.#lossy = 0;
      this.#blocked = true;
      return "stream";
    }
    return !opened && this.#unopened >= MAX_FAILURES ? "stream" : undefined;
  }

  /** Looks no more: the connection has ended. */
  rest(): void {
    clearTimeout(this.#lookTimer);
    const socket = this.#looking;
    this.#looking = undefined;
    if (!socket) return;
    socket.onopen = socket.onclose = null;
    socket.close();
  }

  #lookLater(): void {
    this.#lookTimer = setTimeout(() => this.#look(), this.#lookAfter);
    this.#lookAfter = Math.min(LAST_LOOK_MS, 2 * this.#lookAfter);
  }

  #look(): void {
    const socket = this.#parts.open();
    this.#looking = socket;
    socket.onopen = () => {
      this.rest();
      this.#blocked = false;
      this.#parts.better();
    };
    socket.onclose = () => {
      this.rest();
      this.#lookLater();
    };
  }
}
