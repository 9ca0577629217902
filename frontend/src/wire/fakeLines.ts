import { decode, encode } from "cborg";
import { packed, Unpacker } from "./frames";
import type { WebSocketLike } from "./socket";
import { HttpStream } from "./stream";
import { type ServerHello, STREAM_TYPE, VERSION } from "./types.gen";

export const hello: ServerHello = {
  op: "hello",
  version: VERSION,
  server: "test",
  connection_id: "c",
  account_id: "ada",
  ping_every: 25_000,
};

/** The server's end of one connection, as a test plays it. */
export interface FakeLine {
  /** What the page has said, decoded; each must have had the next number. */
  readonly sent: unknown[];
  /** Whether the page has ended it. */
  readonly closed: boolean;
  /** Sends a message with the next number; skip loses some before it. */
  says(message: object, skip?: number): Promise<void>;
  /** A frame as it is, behind the next number. */
  saysBytes(bytes: Uint8Array): Promise<void>;
  /** Ends it with a code. */
  ends(code: number): Promise<void>;
  /** Lets the page have what is under way. */
  settle(): Promise<void>;
}

/** Frames with numbers in front, on both sides. */
class Numbered {
  readonly sent: unknown[] = [];
  #said = 0;

  take(frame: Uint8Array): void {
    const number = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
    if (number !== this.sent.length + 1) throw new Error(`message ${this.sent.length + 1} has the number ${number}`);
    this.sent.push(decode(frame.subarray(4)));
  }

  frame(bytes: Uint8Array, skip = 0): Uint8Array<ArrayBuffer> {
    this.#said += 1 + skip;
    const frame = new Uint8Array(4 + bytes.length);
    new DataView(frame.buffer).setUint32(0, this.#said);
    frame.set(bytes, 4);
    return frame;
  }
}

/** The network's end of a WebSocket. */
export class FakeSocket implements WebSocketLike, FakeLine {
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  readonly #numbered = new Numbered();

  get sent(): unknown[] {
    return this.#numbered.sent;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#numbered.take(data);
  }

  close(): void {
    this.closed = true;
  }

  async says(message: object, skip = 0): Promise<void> {
    this.onmessage?.({ data: this.#numbered.frame(encode(message), skip).buffer });
  }

  async saysBytes(bytes: Uint8Array): Promise<void> {
    this.onmessage?.({ data: this.#numbered.frame(bytes).buffer });
  }

  async ends(code: number): Promise<void> {
    this.onclose?.({ code });
  }

  async settle(): Promise<void> {}
}

/** The server's end of a stream: it answers every request as ours does. */
export class FakeStream implements FakeLine {
  readonly stream: HttpStream;
  /** How the next posts are answered; empty is 204. */
  readonly posts: (Response | Error)[] = [];
  readonly urls: string[] = [];
  closed = false;
  healthy = false;
  readonly #numbered = new Numbered();
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;

  /** @param holdsBack never answers, as behind a proxy that waits for the end */
  constructor(private readonly holdsBack = false) {
    this.stream = new HttpStream({
      url: "/api/tables",
      healthURL: "/healthz",
      fetch: (url, init) => this.#fetch(String(url), init),
    });
  }

  get sent(): unknown[] {
    return this.#numbered.sent;
  }

  async says(message: object, skip = 0): Promise<void> {
    await this.#send(packed([this.#numbered.frame(encode(message), skip)]));
  }

  async saysBytes(bytes: Uint8Array): Promise<void> {
    await this.#send(packed([this.#numbered.frame(bytes)]));
  }

  async ends(code: number): Promise<void> {
    if (code === 1006) this.#body?.error(new Error("broken off"));
    else await this.#send(packed([new Uint8Array([0, 0, 0, 0, code >> 8, code & 255])]));
    await this.settle();
  }

  /** In pieces, as a network likes it. */
  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += 7) this.#body?.enqueue(bytes.slice(at, at + 7));
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let n = 0; n < 200; n++) await Promise.resolve();
  }

  async #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    this.urls.push(url);
    if (url === "/healthz") {
      if (!this.healthy) throw new TypeError("no server");
      return new Response("ok");
    }
    const refused = url === "/api/tables" ? undefined : this.posts.shift();
    if (refused instanceof Error) throw refused;
    if (refused) return refused;
    if (!(init.body instanceof Uint8Array)) throw new Error("no body");
    for (const frame of new Unpacker().take(init.body)) this.#numbered.take(frame);
    if (url !== "/api/tables") return new Response(null, { status: 204 });
    init.signal?.addEventListener("abort", () => {
      this.closed = true;
      try {
        this.#body?.error(new Error("aborted"));
      } catch {
        // it has ended before
      }
    });
    if (this.holdsBack) return new Promise(() => undefined);
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.#body = controller) });
    return new Response(body, { headers: { "Content-Type": STREAM_TYPE } });
  }
}
