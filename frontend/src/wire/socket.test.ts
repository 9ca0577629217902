import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket, FakeStream, hello } from "./fakeLines";
import { Socket } from "./socket";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp(both = false) {
  const sockets: FakeSocket[] = [];
  const streams: FakeStream[] = [];
  const stream = () => {
    const next = new FakeStream();
    streams.push(next);
    return next.stream;
  };
  const socket = new Socket({
    url: "ws://test/ws",
    open: () => {
      const next = new FakeSocket();
      sockets.push(next);
      return next;
    },
    ...(both && { stream }),
    chance: () => 0.999,
    online: () => true,
  });
  const last = () => sockets.at(-1) ?? new FakeSocket();
  const open = () => {
    last().onopen?.();
    void last().says(hello);
  };
  const lastStream = () => streams.at(-1) ?? new FakeStream();
  const openStream = async () => {
    await lastStream().settle();
    await lastStream().says(hello);
  };
  return { socket, sockets, streams, last, open, lastStream, openStream };
}

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

test("a server that accepts and says nothing is gone too", () => {
  const { socket, last } = setUp();
  last().onopen?.();
  vi.advanceTimersByTime(10_000);
  expect(socket.state).toMatchObject({ state: "closed", why: "silent" });
});

test("a WebSocket that has worked is no reason for the other way, however often it breaks off", async () => {
  const { last, open, sockets, streams } = setUp(true);
  for (let n = 0; n < 5; n++) {
    open();
    last().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(sockets).toHaveLength(6);
  expect(streams).toHaveLength(0);
});

// It has been reached by a WebSocket: the detour would say no more.
test("a server without its database is asked by WebSockets again and again", () => {
  const { socket, last, sockets, streams } = setUp(true);
  for (let n = 0; n < 5; n++) {
    last().onopen?.();
    last().onclose?.({ code: 4503 });
    expect(socket.state).toMatchObject({ state: "closed", why: "no_database" });
    vi.advanceTimersToNextTimer();
    expect(socket.state).toEqual({ state: "connecting", why: "no_database" });
  }
  expect(sockets).toHaveLength(6);
  expect(streams).toHaveLength(0);
});

// A server that restarts refuses both ways; the page must come back on the better one.
test("while the server is away the WebSocket comes first each time", async () => {
  const { socket, last, open, sockets, streams, lastStream } = setUp(true);
  open();
  for (const pause of [500, 1000]) {
    last().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(pause);
  }
  last().onclose?.({ code: 1006 });
  await lastStream().settle();
  await lastStream().ends(1006);
  await vi.advanceTimersByTimeAsync(2000);
  expect(sockets).toHaveLength(4);
  expect(streams).toHaveLength(1);
  open();
  expect(socket.state).toMatchObject({ state: "open", over: "socket" });
});

test("a proxy that lets WebSockets hang is found out by silence, and the other way taken", async () => {
  const { socket, openStream, streams } = setUp(true);
  await vi.advanceTimersByTimeAsync(10_000 + 500 + 10_000);
  expect(streams).toHaveLength(1);
  await openStream();
  expect(socket.state).toMatchObject({ state: "open", over: "stream" });
});

test("where WebSockets lose messages twice, the other way is taken at once", async () => {
  const { socket, last, open, openStream, streams } = setUp(true);
  for (let n = 0; n < 2; n++) {
    open();
    void last().says({ op: "pong" }, 1);
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(streams).toHaveLength(1);
  await openStream();
  expect(socket.state).toMatchObject({ state: "open", over: "stream" });
});

// Who has signed out must not be connected again by a look that was under way.
test("who has left looks no more, not even where a look was under way", async () => {
  const { socket, sockets, last, openStream, lastStream } = setUp(true);
  for (const pause of [500, 0]) {
    last().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(pause);
  }
  await openStream();
  const alive = setInterval(() => void lastStream().says({ op: "pong" }), 5000);
  await vi.advanceTimersByTimeAsync(60_000);
  clearInterval(alive);
  expect(sockets).toHaveLength(3);
  socket.close();
  expect(last().closed).toBe(true);
  last().onopen?.();
  expect(socket.state).toEqual({ state: "closed", why: "left" });
});

test("a stream that works is used again, and the WebSocket is tried later and later until it opens", async () => {
  const { socket, sockets, streams, last, open, openStream, lastStream } = setUp(true);
  last().onclose?.({ code: 1006 });
  await vi.advanceTimersByTimeAsync(500);
  last().onclose?.({ code: 1006 });
  await openStream();
  await lastStream().ends(1006);
  await vi.advanceTimersByTimeAsync(500);
  expect(streams).toHaveLength(2);
  await openStream();
  expect(sockets).toHaveLength(2);
  const alive = setInterval(() => void lastStream().says({ op: "pong" }), 5000);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sockets).toHaveLength(3);
  last().onclose?.({ code: 1006 }); // still blocked
  await vi.advanceTimersByTimeAsync(239_000);
  expect(sockets).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(1000);
  expect(sockets).toHaveLength(4);
  clearInterval(alive);
  last().onopen?.(); // the person has gone home
  expect(sockets).toHaveLength(5);
  open();
  expect(socket.state).toMatchObject({ state: "open", over: "socket" });
  expect(lastStream().closed).toBe(true);
});
