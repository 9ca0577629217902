import { beforeAll, describe, expect, test, vi } from "vitest";
import { attachTerminal, type Screen, type Socket, type TerminalState } from "./attach";

beforeAll(() => vi.stubGlobal("WebSocket", { OPEN: 1 }));

/** A screen that parses when told to, so that a test decides how far it is behind. */
class FakeScreen implements Screen {
  cols = 80;
  rows = 24;
  shown = "";
  slow = false;
  /** What was parsed at which number of columns, as "80:text". */
  parsedAt: string[] = [];
  private queue: { text: string; parsed?: () => void }[] = [];
  private data: (text: string) => void = () => {};

  write(data: Uint8Array | string, parsed?: () => void) {
    this.queue.push({ text: typeof data === "string" ? data : new TextDecoder().decode(data), parsed });
    if (!this.slow) this.parse();
  }
  parse() {
    for (let chunk = this.queue.shift(); chunk; chunk = this.queue.shift()) {
      this.shown = chunk.text.startsWith("\x1bc") ? chunk.text.slice(2) : this.shown + chunk.text;
      if (chunk.text !== "") this.parsedAt.push(`${this.cols}:${chunk.text}`);
      if (chunk.text.includes("?")) this.onQuestion();
      chunk.parsed?.();
    }
  }
  onQuestion = () => {};
  resize(cols: number, rows: number) {
    [this.cols, this.rows] = [cols, rows];
  }
  onData(listener: (text: string) => void) {
    this.data = listener;
    return { dispose: () => (this.data = () => {}) };
  }
  onBinary() {
    return { dispose: () => {} };
  }
  type(text: string) {
    this.data(text);
  }
}

class FakeSocket {
  binaryType: BinaryType = "blob";
  readyState = 1;
  onopen = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  sent: unknown[] = [];

  constructor(readonly from: number) {}
  send(data: unknown) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : new TextDecoder().decode(data as Uint8Array));
  }
  close() {
    this.readyState = 3;
  }
  prints(text: string) {
    this.onmessage?.({ data: new TextEncoder().encode(text).buffer } as MessageEvent);
  }
  says(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  }
  ends(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason } as CloseEvent);
  }
}

function show() {
  const screen = new FakeScreen();
  const sockets: FakeSocket[] = [];
  const waits: { ms: number; fn: () => void }[] = [];
  let state: TerminalState | undefined;
  const attached = attachTerminal(screen, {
    open: (from) => {
      const socket = new FakeSocket(from);
      sockets.push(socket);
      return socket as unknown as Socket;
    },
    onOpen: () => {},
    onState: (next) => (state = next),
    chance: () => 0,
    after: (ms, fn) => {
      const wait = { ms, fn };
      waits.push(wait);
      return () => waits.splice(0, waits.length, ...waits.filter((one) => one !== wait));
    },
  });
  return {
    screen,
    attached,
    waits,
    sockets,
    socket: () => sockets.at(-1) as FakeSocket,
    state: () => state,
    /** Waits out the pause before the next try. */
    wait: () => waits.shift()?.fn(),
  };
}

const hello = (from = 0, live = from, write = true) => ({ op: "hello", from, live, cols: 80, rows: 24, write });

test("T6 after a lost connection the screen goes on from its offset", () => {
  const { screen, socket, sockets, wait, state } = show();
  socket().says(hello());
  socket().prints("$ make\r\n");
  socket().ends();
  expect(state()?.link).toBe("offline");
  wait();
  expect(socket().from).toBe(8);
  socket().says(hello(8));
  socket().prints("done");
  expect(screen.shown).toBe("$ make\r\ndone");
  expect(sockets).toHaveLength(2);
});

test("the pauses between tries grow, and a success begins anew", () => {
  const { socket, waits, wait } = show();
  const pauses: number[] = [];
  for (let tries = 0; tries < 4; tries++) {
    socket().ends();
    pauses.push(waits[0]?.ms ?? 0);
    wait();
  }
  expect(pauses).toEqual([250, 500, 1000, 2000]);
  socket().says(hello());
  socket().ends();
  expect(waits[0]?.ms).toBe(250);
});

test("T4 keys typed while offline are not sent later, and this is said", () => {
  const { screen, socket, sockets, wait, state } = show();
  socket().says(hello());
  screen.type("ls");
  socket().ends();
  screen.type("rm -rf build\r");
  expect(state()?.keysLost).toBe(true);
  wait();
  socket().says(hello());
  screen.type("pwd");
  expect(sockets[0]?.sent).toEqual(["ls"]);
  expect(sockets[1]?.sent).toEqual(["pwd"]);
  expect(state()?.keysLost).toBe(false);
});

test("T4 a refused paste is said until something is typed", () => {
  const { screen, socket, state } = show();
  socket().says(hello());
  socket().says({ op: "refused", message: "The program reads nothing at present; the paste was not taken." });
  expect(state()?.message).toMatch(/not taken/);
  screen.type("x");
  expect(state()?.message).toBeUndefined();
});

test("T3 who falls out of the ring gets the modes and the newest", () => {
  const { screen, socket, wait } = show();
  socket().says(hello());
  socket().prints("old");
  socket().ends();
  wait();
  socket().says(hello(900));
  socket().says({ op: "gap", from: 900, modes: "\x1bc[modes]" });
  socket().prints("new");
  expect(screen.shown).toBe("[modes]new");
  socket().ends();
  wait();
  expect(socket().from).toBe(903);
});

describe("T6 what a program asks the terminal is answered once", () => {
  function answers() {
    const shown = show();
    const given: boolean[] = [];
    shown.screen.onQuestion = () => given.push(shown.attached.mayAnswer());
    return { ...shown, given };
  }

  test("only by the screen that the server names", () => {
    const { socket, given } = answers();
    socket().says(hello());
    socket().prints("?");
    socket().says({ op: "answers", you: true });
    socket().prints("?");
    socket().says({ op: "answers", you: false });
    socket().prints("?");
    expect(given).toEqual([false, true, false]);
  });

  test("never in old output, also where a frame is half old", () => {
    const { socket, given } = answers();
    socket().says(hello(0, 4));
    socket().says({ op: "answers", you: true });
    socket().prints("a?");
    socket().prints("b?c?");
    expect(given).toEqual([false, false, true]);
  });

  test("as of what the screen reads, not of what has arrived", () => {
    const { screen, socket, given } = answers();
    socket().says(hello());
    socket().says({ op: "answers", you: true });
    screen.slow = true;
    socket().prints("?");
    socket().says({ op: "answers", you: false });
    screen.parse();
    expect(given).toEqual([true]);
  });
});

describe("T7 the size is that of who types last", () => {
  test("others take it over and keep the room they have in mind", () => {
    const { screen, attached, socket, state } = show();
    attached.fit(120, 40);
    socket().says(hello());
    expect(socket().sent).toEqual([{ op: "size", cols: 120, rows: 40 }]);
    socket().says({ op: "size", cols: 60, rows: 20, by: "Bob", you: false });
    expect([screen.cols, screen.rows]).toEqual([60, 20]);
    expect(state()?.size).toEqual({ cols: 60, rows: 20, by: "Bob", you: false });
    attached.fit(100, 30);
    expect([screen.cols, screen.rows]).toEqual([60, 20]);
    socket().says({ op: "size", cols: 100, rows: 30, by: "Ada", you: true });
    expect([screen.cols, screen.rows]).toEqual([100, 30]);
  });

  test("one's own window follows at once", () => {
    const { screen, attached, socket } = show();
    socket().says(hello());
    socket().says({ op: "size", cols: 80, rows: 24, by: "Ada", you: true });
    attached.fit(90, 25);
    expect([screen.cols, screen.rows]).toEqual([90, 25]);
    expect(socket().sent).toEqual([{ op: "size", cols: 90, rows: 25 }]);
  });
});

test("T6 what is old is read at the size that it was printed for, what is new at the size that holds", () => {
  const { screen, attached, socket } = show();
  screen.slow = true;
  attached.fit(120, 40);
  socket().says(hello(0, 9));
  socket().says({ op: "was", cols: 60, rows: 20 });
  socket().prints("old");
  attached.fit(110, 40);
  socket().says({ op: "was", cols: 90, rows: 20 });
  socket().prints("older");
  socket().prints("!new");
  socket().says({ op: "size", cols: 110, rows: 40, by: "Ada", you: true });
  socket().prints("est");
  screen.parse();
  expect(screen.parsedAt).toEqual(["60:old", "90:older", "90:!", "110:new", "110:est"]);
});

test("a question for names that is longer than the server takes is not asked", async () => {
  const { attached, socket } = show();
  socket().says(hello());
  const name = "数".repeat(60);
  expect(await attached.find(Array.from({ length: 30 }, () => name))).toEqual([]);
  expect(socket().sent).toEqual([]);
  void attached.find([name]);
  expect(socket().sent).toEqual([{ op: "find", id: 2, names: [name] }]);
});

test("T8 after the end of a shell Enter starts another, and nothing else is sent", () => {
  const { screen, socket, state } = show();
  socket().says(hello());
  socket().says({ op: "exit", code: 1 });
  screen.type("ls");
  screen.type("\r");
  expect(socket().sent).toEqual([{ op: "restart" }]);
  expect(state()?.exit).toEqual({ code: 1 });
  socket().says({ op: "restarted", from: 10 });
  expect(state()?.exit).toBeUndefined();
});

test("who may only look on sends nothing", () => {
  const { screen, socket } = show();
  socket().says(hello(0, 0, false));
  screen.type("rm -rf /\r");
  expect(socket().sent).toEqual([]);
});

test("a lost right ends it with the server's sentence", () => {
  const { socket, waits, state, attached } = show();
  socket().ends(4403, "You have been removed from this project.");
  expect(state()).toMatchObject({ link: "ended", message: "You have been removed from this project." });
  attached.reconnect();
  expect(waits).toHaveLength(0);
});

test("T3 a screen that cannot follow a flood leaves the line, catches up and comes back; its Ctrl-C is kept", () => {
  const { screen, socket, sockets } = show();
  socket().says(hello());
  screen.slow = true;
  const flood = "y".repeat(1 << 20);
  for (let count = 0; count < 8; count++) socket().prints(flood);
  expect(sockets[0]?.readyState).toBe(3);
  screen.type("\x03");
  screen.slow = false;
  screen.parse();
  expect(sockets).toHaveLength(2);
  expect(socket().from).toBe(5 << 20);
  socket().says(hello(5 << 20));
  expect(socket().sent).toEqual(["\x03"]);
});

test("detaching leaves nothing behind", () => {
  const { screen, socket, attached, waits } = show();
  socket().says(hello());
  attached.detach();
  expect(socket().readyState).toBe(3);
  screen.type("x");
  expect(socket().sent).toEqual([]);
  expect(waits).toHaveLength(0);
});
