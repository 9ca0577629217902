import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { encodeFrame } from "./codec";
import { FakeStream, hello } from "./fakeLines";
import { packed, Unpacker } from "./frames";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

async function setUp(holdsBack = false) {
  const server = new FakeStream(holdsBack);
  const closed = vi.fn();
  server.stream.onclose = ({ code }) => closed(code);
  server.stream.onopen = () => server.stream.send(encodeFrame(1, { op: "hello", version: hello.version }));
  await server.settle();
  return { server, closed };
}

test("nothing is posted before the server has said on what connection, then all together", async () => {
  const { server } = await setUp();
  server.stream.send(encodeFrame(2, { op: "ping" }));
  server.stream.send(encodeFrame(3, { op: "cancel", id: 1 }));
  await server.settle();
  expect(server.urls).toEqual(["/api/tables"]);
  await server.says(hello);
  expect(server.urls).toEqual(["/api/tables", "/api/tables/c"]);
  expect(server.sent).toHaveLength(3);
});

// Whether a post has come that broke off is unknown; what is on it is sent again by who asked, under its request id.
test.each([new Response(null, { status: 404 }), new TypeError("network")])(
  "a post that is refused or breaks off ends the stream",
  async (answer) => {
    const { server, closed } = await setUp();
    await server.says(hello);
    server.posts.push(answer);
    server.stream.send(encodeFrame(2, { op: "ping" }));
    await server.settle();
    expect(closed).toHaveBeenCalledExactlyOnceWith(1006);
    expect(server.closed).toBe(true);
  },
);

test("a proxy that holds back what the server says is told from a server that is not there", async () => {
  const away = await setUp(true);
  await vi.advanceTimersByTimeAsync(5000);
  expect(away.closed).not.toHaveBeenCalled();
  const held = await setUp(true);
  held.server.healthy = true;
  await vi.advanceTimersByTimeAsync(5000);
  expect(held.closed).toHaveBeenCalledExactlyOnceWith(4000);
});

test("frames come out as they went in, whatever the pieces", () => {
  const frames = [new Uint8Array([1, 2, 3, 4, 5]), new Uint8Array(0), new Uint8Array([6]), new Uint8Array(300).fill(7)];
  const bytes = packed(frames);
  for (const size of [1, 2, 3, 4, 5, 7, 100, bytes.length]) {
    const unpacker = new Unpacker();
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) out.push(...unpacker.take(bytes.subarray(at, at + size)));
    expect(out).toEqual(frames);
  }
});
