import type { Closed } from "../wire/closed";
import type { Connection, ConnectionState } from "../wire/connection";
import { type Ask, type ClientMessage, type ServerMessage, VERSION } from "../wire/types.gen";

/** A connection that a test plays: it opens, drops and answers when it is told to. */
export class FakeConnection implements Connection {
  state: ConnectionState = { state: "connecting" };
  readonly sent: ClientMessage[] = [];
  retries = 0;
  reopened = 0;
  readonly #state = new Set<() => void>();
  readonly #message = new Set<(message: ServerMessage) => void>();

  onState(listener: () => void): () => void {
    this.#state.add(listener);
    return () => this.#state.delete(listener);
  }

  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.#message.add(listener);
    return () => this.#message.delete(listener);
  }

  send(message: ClientMessage): boolean {
    if (this.state.state !== "open") return false;
    this.sent.push(message);
    return true;
  }

  retry(): void {
    this.retries++;
  }

  wake(): void {}

  reopen(): void {
    this.reopened++;
  }

  /** The server greets. */
  opens(account_id?: string): void {
    const hello = {
      op: "hello" as const,
      version: VERSION,
      server: "test",
      connection_id: "c1",
      ping_every: 25_000,
      account_id,
    };
    this.#change({ state: "open", hello, over: "socket" });
  }

  drops(why: Closed = "unreachable"): void {
    this.#change({ state: "closed", why, retryAt: 0 });
  }

  says(message: ServerMessage): void {
    for (const listener of this.#message) listener(message);
  }

  /** Everything that was asked so far. */
  get asks(): Ask[] {
    return this.sent.filter((message) => message.op === "ask");
  }

  /** The last question about a table. */
  lastAsk(table?: string): Ask {
    const ask = this.asks.findLast(({ query }) => table === undefined || JSON.stringify(query).includes(`"${table}"`));
    if (!ask) throw new Error(`nothing was asked about ${table ?? "anything"}`);
    return ask;
  }

  #change(state: ConnectionState): void {
    this.state = state;
    for (const listener of this.#state) listener();
  }
}
