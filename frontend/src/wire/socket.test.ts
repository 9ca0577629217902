import { decode, encode } from "cborg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Socket, type WebSocketLike } from "./socket";
import type { ServerMessage } from "./types.gen";

/** The network's end of a WebSocket. */
class FakeSocket implements WebSocketLike {
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: unknown[] = [];
  closed = false;

  send(data: Uint8Array<ArrayBuffer>): void {
    this.sent.push(decode(data));
  }

  close(): void {
    this.closed = true;
  }

  says(message: object): void {
    this.onmessage?.({ data: new Uint8Array(encode(message)).buffer });
  }
}

const hello = { op: "hello", version: 1, server: "test", connection_id: "c", account_id: "ada" } as const;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const sockets: FakeSocket[] = [];
  const socket = new Socket({
    url: "ws://test/ws",
    open: (_, protocol) => {
      expect(protocol).toBe("lyceum.cbor");
      const next = new FakeSocket();
      sockets.push(next);
      return next;
    },
    chance: () => 0.999,
    online: () => true,
  });
  const last = () => sockets.at(-1) ?? new FakeSocket();
  const open = () => {
    last().onopen?.();
    last().says(hello);
  };
  return { socket, sockets, last, open };
}

test("it greets first, and is open when the server has greeted", () => {
  const { socket, last } = setUp();
  expect(socket.send({ op: "ping" })).toBe(false);
  last().onopen?.();
  expect(last().sent).toEqual([{ op: "hello", version: 1 }]);
  expect(socket.state.state).toBe("connecting");
  last().says(hello);
  expect(socket.state).toEqual({ state: "open", hello });
  expect(socket.send({ op: "cancel", id: 3 })).toBe(true);
  expect(last().sent.at(-1)).toEqual({ op: "cancel", id: 3 });
});

test("messages are handed on, bytes as bytes", () => {
  const { socket, last, open } = setUp();
  const heard: ServerMessage[] = [];
  socket.onMessage((message) => heard.push(message));
  open();
  last().says({ op: "answer", id: 1, row: { update: new Uint8Array([1, 2]) } });
  expect(heard).toEqual([{ op: "answer", id: 1, row: { update: new Uint8Array([1, 2]) } }]);
});

test("a lost connection is tried again with growing pauses, bounded, and at once when asked to", () => {
  const { socket, sockets, last, open } = setUp();
  open();
  const pauses: number[] = [];
  for (let n = 0; n < 9; n++) {
    last().onclose?.({ code: 1006 });
    const { state } = socket;
    pauses.push(state.state === "closed" && state.retryAt !== undefined ? state.retryAt - Date.now() : -1);
    vi.advanceTimersToNextTimer();
  }
  expect(pauses).toEqual([500, 1000, 1999, 3998, 7996, 15992, 19990, 19990, 19990]);
  last().onclose?.({ code: 1006 });
  socket.retry();
  expect(sockets).toHaveLength(11);
  open();
  last().onclose?.({ code: 1006 });
  expect(socket.state).toMatchObject({ why: "unreachable", retryAt: Date.now() + 500 }); // it starts small again
});

test("a server of another version is not tried again", () => {
  const { socket, sockets, last } = setUp();
  last().onopen?.();
  last().says({ ...hello, version: 2 });
  expect(socket.state).toEqual({ state: "closed", why: "version" });
  vi.advanceTimersByTime(100_000);
  expect(sockets).toHaveLength(1);
});

test("what cannot be read is another version, and nothing throws", () => {
  const { socket, last, open } = setUp();
  open();
  last().onmessage?.({ data: new Uint8Array([0xff, 0x00]).buffer });
  expect(socket.state).toEqual({ state: "closed", why: "version" });
});

test("a sign-out is final until somebody signs in", () => {
  const { socket, sockets, last, open } = setUp();
  open();
  last().onclose?.({ code: 4401 });
  expect(socket.state).toEqual({ state: "closed", why: "signed_out" });
  vi.advanceTimersByTime(100_000);
  expect(sockets).toHaveLength(1);
  socket.reopen();
  open();
  expect(socket.state.state).toBe("open");
});

// A suspended laptop or a dead proxy does not close anything: without a ping the page would look alive for ever.
test("a server that does not answer a ping is gone", () => {
  const { socket, last, open } = setUp();
  open();
  vi.advanceTimersByTime(25_000);
  expect(last().sent.at(-1)).toEqual({ op: "ping" });
  last().says({ op: "pong" });
  vi.advanceTimersByTime(25_000);
  expect(socket.state.state).toBe("open");
  const silent = last();
  vi.advanceTimersByTime(10_000);
  expect(socket.state).toMatchObject({ state: "closed", why: "silent" });
  expect(silent.closed).toBe(true);
});

test("a server that accepts and says nothing is gone too", () => {
  const { socket, last } = setUp();
  last().onopen?.();
  vi.advanceTimersByTime(10_000);
  expect(socket.state).toMatchObject({ state: "closed", why: "silent" });
});

test("closing is final, and old sockets say nothing any more", () => {
  const { socket, sockets, last, open } = setUp();
  open();
  socket.close();
  expect(socket.state).toEqual({ state: "closed", why: "left" });
  last().onclose?.({ code: 1006 });
  vi.advanceTimersByTime(100_000);
  expect(sockets).toHaveLength(1);
});
