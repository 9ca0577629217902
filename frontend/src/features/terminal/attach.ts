import { backoff } from "../../lib/backoff";
import type { Place } from "../../lib/place";
import { afterClose, type ClientFrame, type Exit, MAX_CONTROL, parseFrame, type ServerFrame } from "./protocol";

/**
 * How far a screen may fall behind what the shell prints, in bytes. Beyond it
 * the line is closed until the screen has caught up, and goes on from its
 * offset: a flood costs this much memory, and not the whole flood (T3).
 */
const MAX_BEHIND = 4 * 1024 * 1024;

/** The most keys that are kept while the line is closed for the screen's sake: Ctrl-C must get through. */
const MAX_HELD_KEYS = 256;

/** Questions for places that may be without an answer at once. */
const MAX_ASKING = 32;

/** What stands around the names of a question, in bytes: more than that. */
const FIND_HEAD = 64;

/** The largest size that another window may have; the server bounds it too, but this may be a project of a stranger. */
const MAX_SIDE = 1000;

/** What xterm says when a program asks to be told of the focus. */
const FOCUS_REPORTS = ["\x1b[I", "\x1b[O"];

/** What of xterm is used; a test has a simpler one. */
export interface Screen {
  readonly cols: number;
  readonly rows: number;
  write(data: Uint8Array | string, parsed?: () => void): void;
  resize(cols: number, rows: number): void;
  onData(listener: (text: string) => void): { dispose(): void };
  onBinary(listener: (text: string) => void): { dispose(): void };
}

/** What of a WebSocket is used. */
export type Socket = Pick<
  WebSocket,
  "binaryType" | "readyState" | "onopen" | "onmessage" | "onclose" | "send" | "close"
>;

/** What is to be shown beside the screen; a new object after every change. */
export interface TerminalState {
  link: "connecting" | "open" | "offline" | "ended";
  /** Why it is ended, or what was refused last. */
  message?: string;
  /** False for who may only look on. */
  write: boolean;
  /** Whose window decides the size, and which it is. */
  size?: { cols: number; rows: number; by: string; you: boolean };
  /** What there is room for in our own window, if that is known. */
  room?: { cols: number; rows: number };
  /** Set while no shell runs. */
  exit?: Exit;
  /** Keys were typed while the line was down, and are lost (T4). */
  keysLost: boolean;
}

export interface TerminalOptions {
  /** A new socket that starts printing at byte `from`. */
  open(from: number): Socket;
  onState(state: TerminalState): void;
  /** What is sent for a text that was typed, where that is another one. */
  alter?(text: string): string;
  /** Somebody has said `open FILE` in the shell, and typed here last. */
  onOpen(places: readonly Place[]): void;
  /** In [0, 1), as Math.random. */
  chance(): number;
  /** Calls fn once after ms; returns how to prevent it. */
  after(ms: number, fn: () => void): () => void;
}

export interface AttachedTerminal {
  /** Whether the bytes that the screen reads at this moment may be answered (T6). */
  mayAnswer(): boolean;
  /** Whether the bytes that the screen reads at this moment are new. */
  isLive(): boolean;
  /** Asks which places names in the output mean; for each that is none, and for all when offline, undefined. */
  find(names: readonly string[]): Promise<readonly (Place | undefined)[]>;
  /** Says how many columns and rows this window has room for. */
  fit(cols: number, rows: number): void;
  /** Asks for another shell after the end of one (T8). */
  restart(): void;
  /** Opens the line anew, from where the screen is: for when the network has changed, or the project runs again. */
  reconnect(): void;
  /** Disconnects for good; the shell goes on. */
  detach(): void;
}

/**
 * Connects a screen to a shell and keeps it connected. Keys go from the screen
 * to the socket and output from the socket to the screen; React is not involved.
 */
export function attachTerminal(screen: Screen, options: TerminalOptions): AttachedTerminal {
  return new Attachment(screen, options);
}

class Attachment implements AttachedTerminal {
  private readonly encoder = new TextEncoder();
  private readonly keys: { dispose(): void }[];
  private state: TerminalState = { link: "connecting", write: false, keysLost: false };
  private socket: Socket | undefined;
  private from = 0; // offset of the next byte
  private live = 0; // offset where new output begins
  private behind = 0; // bytes that the screen has not parsed
  private catchingUp = false;
  private held: Uint8Array<ArrayBuffer>[] = [];
  private failures = 0;
  private asked = 0;
  private readonly asking = new Map<number, (places: readonly (Place | undefined)[]) => void>();
  private room: { cols: number; rows: number } | undefined;
  private left = false;
  private cancelRetry = () => {};
  // These two change in step with what the screen parses, not with what arrives.
  private readingLive = false;
  private answering = false;

  constructor(
    private readonly screen: Screen,
    private readonly options: TerminalOptions,
  ) {
    this.keys = [
      screen.onData((text) => {
        if (!this.readingLive && FOCUS_REPORTS.includes(text)) return; // an old request, read again
        this.type(this.encoder.encode(this.options.alter?.(text) ?? text));
      }),
      screen.onBinary((text) => this.type(Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 255))),
    ];
    this.connect();
  }

  mayAnswer = () => this.readingLive && this.answering;

  isLive = () => this.readingLive;

  find = (names: readonly string[]): Promise<readonly (Place | undefined)[]> => {
    if (names.length === 0 || this.asking.size >= MAX_ASKING) return Promise.resolve([]);
    const id = ++this.asked;
    const tooLong = this.encoder.encode(JSON.stringify(names)).length > MAX_CONTROL - FIND_HEAD;
    if (tooLong || !this.control({ op: "find", id, names })) return Promise.resolve([]);
    return new Promise((resolve) => this.asking.set(id, resolve));
  };

  fit(cols: number, rows: number): void {
    if (cols < 1 || rows < 1) return;
    if (this.room?.cols === cols && this.room.rows === rows) return;
    this.room = { cols, rows };
    this.show({ room: this.room });
    this.control({ op: "size", cols, rows });
    // Old output comes in the sizes that it was printed for; the end of it brings ours.
    if (this.readingLive) this.settle();
  }

  restart(): void {
    this.control({ op: "restart" });
  }

  reconnect(): void {
    if (this.left || this.state.link === "ended" || this.catchingUp) return;
    this.failures = 0;
    this.abandon();
    this.connect();
  }

  detach(): void {
    this.left = true;
    this.cancelRetry();
    for (const key of this.keys) key.dispose();
    this.abandon();
  }

  private show(change: Partial<TerminalState>): void {
    this.state = { ...this.state, ...change };
    if (!this.left) this.options.onState(this.state);
  }

  private connect(): void {
    this.cancelRetry();
    const socket = this.options.open(this.from);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") this.frame(parseFrame(data));
      else if (data instanceof ArrayBuffer) this.print(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => this.closed(code, reason);
  }

  /** Leaves the socket without listening to its end. */
  private abandon(): void {
    const { socket } = this;
    this.socket = undefined;
    this.forgetQuestions();
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private closed(code: number, reason: string): void {
    this.forgetQuestions();
    this.socket = undefined;
    const then = afterClose(code, reason);
    if (!then.again) {
      this.show({ link: "ended", message: then.message });
      return;
    }
    const link = this.failures === 0 && this.state.link === "connecting" && then.message === undefined;
    this.show({ link: link ? "connecting" : "offline", message: then.message });
    this.cancelRetry = this.options.after(backoff(this.failures++, this.options.chance()), () => this.connect());
  }

  private frame(frame: ServerFrame | undefined): void {
    switch (frame?.op) {
      case "hello":
        return this.hello(frame);
      case "gap":
        this.from = frame.from;
        this.inOrder(() => (this.readingLive = false)); // the modes are none of the program's questions
        this.screen.write(frame.modes);
        if (frame.from >= this.live) this.inOrder(() => this.beLive());
        return;
      case "size":
        this.show({ size: { cols: frame.cols, rows: frame.rows, by: frame.by, you: frame.you } });
        return this.inOrder(() => this.settle());
      case "was":
        return this.inOrder(() => this.resize(frame.cols, frame.rows));
      case "answers":
        return this.inOrder(() => (this.answering = frame.you));
      case "refused":
        return this.show({ message: frame.message });
      case "exit":
        return this.show({ exit: { code: frame.code, signal: frame.signal, reason: frame.reason } });
      case "restarted":
        this.from = frame.from;
        return this.show({ exit: undefined, message: undefined });
      case "found":
        this.asking.get(frame.id)?.(frame.places);
        this.asking.delete(frame.id);
        return;
      case "open":
        return this.options.onOpen(frame.places);
      case undefined:
        return;
    }
  }

  /** What the screen reads from here on is new. */
  private beLive(): void {
    this.readingLive = true;
    this.settle();
  }

  /** Takes on the size that the terminal has: of our own window as it is now, else of another's. */
  private settle(): void {
    const { size } = this.state;
    if (this.room && (size === undefined || size.you)) this.resize(this.room.cols, this.room.rows);
    else if (size) this.resize(size.cols, size.rows);
  }

  private resize(cols: number, rows: number): void {
    if (cols > 0 && rows > 0) this.screen.resize(Math.min(cols, MAX_SIDE), Math.min(rows, MAX_SIDE));
  }

  private forgetQuestions(): void {
    for (const resolve of this.asking.values()) resolve([]);
    this.asking.clear();
  }

  private hello({ from, live, cols, rows, write }: Extract<ServerFrame, { op: "hello" }>): void {
    if (from !== this.from) this.screen.write("\x1bc"); // what is on the screen is not what comes before
    this.from = from;
    this.live = live;
    this.failures = 0;
    this.answering = false;
    this.inOrder(() => {
      this.resize(cols, rows); // whose it is comes next
      this.readingLive = from >= live;
    });
    this.show({ link: "open", write, message: undefined, exit: undefined, keysLost: false });
    if (this.room) this.control({ op: "size", ...this.room });
    for (const keys of this.held.splice(0)) this.socket?.send(keys);
  }

  private print(bytes: Uint8Array): void {
    const old = Math.max(0, Math.min(bytes.byteLength, this.live - this.from));
    if (old > 0) this.write(bytes.subarray(0, old));
    if (old > 0 && this.from + old >= this.live) this.inOrder(() => this.beLive());
    if (old < bytes.byteLength) this.write(bytes.subarray(old));
    this.from += bytes.byteLength;
    if (this.behind > MAX_BEHIND && !this.catchingUp) {
      this.catchingUp = true;
      this.abandon();
    }
  }

  private write(bytes: Uint8Array): void {
    this.behind += bytes.byteLength;
    this.screen.write(bytes, () => {
      this.behind -= bytes.byteLength;
      if (!this.catchingUp || this.behind > 0 || this.left) return;
      this.catchingUp = false;
      this.connect();
    });
  }

  /** Does something when the screen has parsed all that came before. */
  private inOrder(fn: () => void): void {
    this.screen.write("", fn);
  }

  /**
   * Sends keys. What is typed while offline is lost: a command must not run
   * minutes later (T4). The short pauses of a screen that catches up are no
   * such time.
   */
  private type(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.state.write) return;
    if (this.state.exit) {
      if (bytes.includes(13)) this.restart();
      return;
    }
    if (this.catchingUp && this.state.link === "open") {
      if (this.held.length < MAX_HELD_KEYS) this.held.push(bytes);
      return;
    }
    if (this.state.link === "open" && this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(bytes);
      if (this.state.message !== undefined) this.show({ message: undefined });
    } else if (!this.state.keysLost) this.show({ keysLost: true });
  }

  /** @returns whether it was sent */
  private control(frame: ClientFrame): boolean {
    if (this.state.link !== "open" || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }
}
