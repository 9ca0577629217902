import { CLOSE_HELD_BACK } from "./closed";
import { decodeMessage, NUMBER_BYTES, numberOf } from "./codec";
import { packed, Unpacker } from "./frames";
import type { WebSocketLike } from "./socket";
import { STREAM_TYPE } from "./types.gen";

/** How much is posted at once, if it is more than one message: a slow network should not send twice as much in vain. */
const POST_BYTES = 1 << 20;

/** When nothing has come for this long after the beginning, it is looked whether the server is there at all. */
const LOOK_AFTER_MS = 5000;

/** The code of a connection that broke off without a word, as WebSockets have it. */
const BROKEN_OFF = 1006;

export interface StreamOptions {
  /** Where a stream is opened; what is said on it is posted below. */
  url: string;
  /** Something of the server that is always answered. */
  healthURL: string;
  fetch?: typeof fetch;
}

/**
 * Something like a WebSocket over plain HTTP, for networks that let no WebSocket
 * through: the first frame opens a request whose answer does not end, and what
 * comes later is posted, one request at a time, in order.
 */
export class HttpStream implements WebSocketLike {
  binaryType = "arraybuffer";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly #options: StreamOptions;
  readonly #fetch: typeof fetch;
  readonly #abort = new AbortController();
  #waiting: Uint8Array[] = [];
  #connection: string | undefined;
  #opened = false;
  #posting = false;
  #over = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? ((...request) => fetch(...request));
    queueMicrotask(() => this.onopen?.());
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#over) return;
    if (!this.#opened) {
      this.#opened = true;
      void this.#open(frame);
      return;
    }
    this.#waiting.push(frame);
    void this.#post();
  }

  close(): void {
    this.#finish();
  }

  async #open(hello: Uint8Array): Promise<void> {
    const look = setTimeout(() => void this.#look(), LOOK_AFTER_MS);
    try {
      const response = await this.#request(this.#options.url, packed([hello]));
      if (!response.ok || response.headers.get("Content-Type") !== STREAM_TYPE || !response.body) return;
      const reader = response.body.getReader();
      const unpacker = new Unpacker();
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        clearTimeout(look);
        for (const frame of unpacker.take(read.value)) this.#receive(frame);
      }
    } catch {
      // Broken off, or no server there: finish says so.
    } finally {
      clearTimeout(look);
      this.#finish(BROKEN_OFF);
    }
  }

  #receive(frame: Uint8Array<ArrayBuffer>): void {
    if (frame.length > NUMBER_BYTES && numberOf(frame) === 0) {
      this.#finish(new DataView(frame.buffer).getUint16(NUMBER_BYTES)); // the last words
      return;
    }
    if (this.#connection === undefined && frame.length > 0) this.#connection = connectionIn(frame);
    this.onmessage?.({ data: frame.buffer });
    void this.#post();
  }

  async #post(): Promise<void> {
    if (this.#posting || this.#connection === undefined || this.#waiting.length === 0) return;
    this.#posting = true;
    const url = `${this.#options.url}/${this.#connection}`;
    try {
      while (this.#waiting.length > 0 && !this.#over) {
        const response = await this.#request(url, packed(this.#batch()));
        if (!response.ok) throw new Error(`the server answers ${response.status}`);
      }
    } catch {
      this.#finish(BROKEN_OFF); // whether it has come is unknown: all that is not acknowledged is sent again
    } finally {
      this.#posting = false;
    }
  }

  #batch(): Uint8Array[] {
    let bytes = 0;
    let n = 0;
    for (const frame of this.#waiting) {
      bytes += frame.length;
      if (n > 0 && bytes > POST_BYTES) break;
      n++;
    }
    return this.#waiting.splice(0, n);
  }

  /** Tells a proxy that holds back what the server says from a server that is not there. */
  async #look(): Promise<void> {
    try {
      const response = await this.#fetch(this.#options.healthURL, { cache: "no-store", signal: this.#abort.signal });
      if (response.ok) this.#finish(CLOSE_HELD_BACK);
    } catch {
      // The server is not there; whoever waits gives up by itself.
    }
  }

  #request(url: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
    return this.#fetch(url, {
      method: "POST",
      headers: { "Content-Type": STREAM_TYPE },
      body,
      credentials: "same-origin",
      cache: "no-store",
      signal: this.#abort.signal,
    });
  }

  #finish(code?: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    this.#abort.abort();
    if (code !== undefined) this.onclose?.({ code });
  }
}

/** On what connection the server has put us; nothing can be posted before it has said so. */
function connectionIn(frame: Uint8Array): string | undefined {
  try {
    const message = decodeMessage(frame.subarray(NUMBER_BYTES));
    return message.op === "hello" ? message.connection_id : undefined;
  } catch {
    return; // whoever reads it finds out what is wrong with it
  }
}
