import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeLine, FakeSocket, FakeStream, hello } from "./fakeLines";
import { Socket } from "./socket";
import { type ServerMessage, VERSION } from "./types.gen";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** The page's connection, and the server's end of each line that it has made. */
interface SetUp {
  socket: Socket;
  lines: FakeLine[];
  last(): FakeLine;
  /** The way is there, and the server greets. */
  open(greeting?: object): Promise<void>;
}

/** Over WebSockets. */
async function bySockets(): Promise<SetUp> {
  const lines: FakeSocket[] = [];
  const socket = new Socket({
    url: "ws://test/ws",
    open: (_, protocol) => {
      expect(protocol).toBe("lyceum.cbor");
      const next = new FakeSocket();
      lines.push(next);
      return next;
    },
    chance: () => 0.999,
    online: () => true,
  });
  const last = () => lines.at(-1) ?? new FakeSocket();
  const open = async (greeting: object = hello) => {
    last().onopen?.();
    await last().says(greeting);
  };
  return { socket, lines, last, open };
}

/** Over streams, where every WebSocket is refused. */
async function byStreams(): Promise<SetUp> {
  const lines: FakeStream[] = [];
  const socket = new Socket({
    url: "ws://test/ws",
    open: () => {
      const refused = new FakeSocket();
      queueMicrotask(() => refused.onclose?.({ code: 1006 }));
      return refused;
    },
    stream: () => {
      const next = new FakeStream();
      lines.push(next);
      return next.stream;
    },
    chance: () => 0.999,
    online: () => true,
  });
  await vi.advanceTimersByTimeAsync(500); // two WebSockets are refused
  expect(lines).toHaveLength(1);
  const last = () => lines.at(-1) ?? new FakeStream();
  const open = async (greeting: object = hello) => {
    await last().settle();
    await last().says(greeting);
  };
  return { socket, lines, last, open };
}

/** What a connection promises, whatever carries it. */
describe.each([
  ["socket", bySockets],
  ["stream", byStreams],
] as const)("over a %s", (over, setUp) => {
  test("it greets first, and is open when the server has greeted", async () => {
    const { socket, last, open } = await setUp();
    expect(socket.send({ op: "ping" })).toBe(false);
    expect(socket.state.state).toBe("connecting");
    await open();
    expect(last().sent).toEqual([{ op: "hello", version: VERSION }]);
    expect(socket.state).toEqual({ state: "open", hello, over });
    expect(socket.send({ op: "cancel", id: 3 })).toBe(true);
    await last().settle();
    expect(last().sent.at(-1)).toEqual({ op: "cancel", id: 3 });
  });

  test("messages are handed on in order, bytes as bytes", async () => {
    const { socket, last, open } = await setUp();
    const heard: ServerMessage[] = [];
    socket.onMessage((message) => heard.push(message));
    await open();
    const messages: ServerMessage[] = [
      { op: "answer", id: 1, row: { update: new Uint8Array([1, 2]) } },
      { op: "answer", id: 2, row: { text: "x".repeat(1000) } },
    ];
    for (const message of messages) await last().says(message);
    expect(heard).toEqual(messages);
  });

  test("what is said is said in its order, once", async () => {
    const { socket, last, open } = await setUp();
    await open();
    for (let id = 1; id <= 50; id++) socket.send({ op: "cancel", id });
    await last().settle();
    socket.send({ op: "cancel", id: 51 });
    await last().settle();
    expect(last().sent.slice(1)).toEqual(Array.from({ length: 51 }, (_, n) => ({ op: "cancel", id: n + 1 })));
  });

  test("a lost connection is tried again", async () => {
    const { socket, lines, last, open } = await setUp();
    await open();
    const before = lines.length;
    await last().ends(1006);
    expect(socket.state).toMatchObject({ state: "closed", why: "unreachable", retryAt: Date.now() + 500 });
    await vi.advanceTimersByTimeAsync(500);
    expect(lines).toHaveLength(before + 1);
    await open();
    expect(socket.state.state).toBe("open");
  });

  test("a server of another version is not tried again", async () => {
    const { socket, lines, open } = await setUp();
    await open({ ...hello, version: VERSION + 1 });
    expect(socket.state).toEqual({ state: "closed", why: "version" });
    const before = lines.length;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(lines).toHaveLength(before);
  });

  test("a greeting that cannot be read is another version, and nothing throws", async () => {
    const { socket, last, open } = await setUp();
    await open();
    await last().ends(1006);
    await vi.advanceTimersByTimeAsync(500);
    await last().settle();
    await last().saysBytes(new Uint8Array([0xff, 0x00]));
    expect(socket.state).toEqual({ state: "closed", why: "version" });
  });

  // A proxy may lose a part of a message; the next connection must not be sent in vain twice a second for ever.
  test("what cannot be read later has lost a part: it is asked again, less and less often", async () => {
    const { socket, last, open } = await setUp();
    await open();
    const pauses: number[] = [];
    for (let n = 0; n < 3; n++) {
      await last().saysBytes(new Uint8Array([0xff, 0x00]));
      expect(socket.state).toMatchObject({ state: "closed", why: "lost" });
      const { state } = socket;
      pauses.push(state.state === "closed" && state.retryAt !== undefined ? state.retryAt - Date.now() : -1);
      await vi.advanceTimersByTimeAsync(pauses.at(-1) ?? 0);
      await open();
    }
    expect(pauses).toEqual([1000, 1999, 3998]);
  });

  test("a sign-out is final until somebody signs in", async () => {
    const { socket, lines, last, open } = await setUp();
    await open();
    const before = lines.length;
    await last().ends(4401);
    expect(socket.state).toEqual({ state: "closed", why: "signed_out" });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(lines).toHaveLength(before);
    socket.reopen();
    await open();
    expect(socket.state.state).toBe("open");
  });

  // A suspended laptop or a dead proxy does not close anything: without a ping the page would look alive for ever.
  test("a server that does not answer a ping is gone", async () => {
    const { socket, last, open } = await setUp();
    await open();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(last().sent.at(-1)).toEqual({ op: "ping" });
    await last().says({ op: "pong" });
    await vi.advanceTimersByTimeAsync(25_000);
    expect(socket.state.state).toBe("open");
    const silent = last();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.state).toMatchObject({ state: "closed", why: "silent" });
    expect(silent.closed).toBe(true);
  });

  // Each key is followed by a ping in time: none of them may put off the end.
  test("a server that answers nothing is gone, however much is said to it", async () => {
    const { socket, open } = await setUp();
    await open();
    const seen: unknown[] = [];
    socket.onState(() => seen.push(socket.state));
    for (let second = 0; second < 14; second++) {
      socket.send({ op: "cancel", id: second });
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(seen).toContainEqual(expect.objectContaining({ state: "closed", why: "silent" }));
  });

  test("how often to ping is what the server says", async () => {
    const { socket, last, open } = await setUp();
    await open({ ...hello, ping_every: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(last().sent.at(-1)).toEqual({ op: "ping" });
    await vi.advanceTimersByTimeAsync(2000);
    expect(socket.state).toMatchObject({ state: "closed", why: "silent" });
  });

  // A change that a proxy has swallowed would be missing for ever once a later one has moved the position on.
  test("a gap in what comes ends the connection before anything behind it is believed", async () => {
    const { socket, last, open } = await setUp();
    const heard = vi.fn();
    socket.onMessage(heard);
    await open();
    await last().says({ op: "answer", id: 1, row: null }, 1);
    expect(heard).not.toHaveBeenCalled();
    expect(socket.state).toMatchObject({ state: "closed", why: "lost" });
  });

  test("an answer that is swallowed is missed soon: a ping follows what is said", async () => {
    const { socket, last, open } = await setUp();
    await open();
    socket.send({ op: "ask", id: 1, query: {} });
    await vi.advanceTimersByTimeAsync(3000);
    expect(last().sent.at(-1)).toEqual({ op: "ping" });
    await last().says({ op: "pong" }, 1); // the answer was before it
    expect(socket.state).toMatchObject({ state: "closed", why: "lost" });
  });

  // A laptop that was closed for an hour: the server has given up the connection, and nobody has told the page.
  test("after a suspend it connects at once", async () => {
    const { socket, lines, open } = await setUp();
    await open();
    const before = lines.length;
    vi.setSystemTime(Date.now() + 3_600_000); // and no timer has run
    socket.wake();
    expect(lines).toHaveLength(before + 1);
    await open();
    expect(socket.state.state).toBe("open");
  });

  test("closing is final, and old lines say nothing any more", async () => {
    const { socket, lines, last, open } = await setUp();
    await open();
    const before = lines.length;
    socket.close();
    expect(last().closed).toBe(true);
    expect(socket.state).toEqual({ state: "closed", why: "left" });
    await last().ends(1006);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(lines).toHaveLength(before);
  });
});
