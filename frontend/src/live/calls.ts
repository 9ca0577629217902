import type { Connection } from "../wire/connection";
import type { Options, Result, ServerMessage, WireError } from "../wire/types.gen";

/** The most questions that we leave unanswered at once: half of what the server takes, which leaves room for editors. */
const MAX_UNANSWERED = 32;

/** One question, and what becomes of it. */
export interface Call {
  query: unknown;
  options?: Options;
  request?: string;
  /** Each message for it. After an error nothing more comes. */
  on(message: Extract<ServerMessage, { id?: number }>): void;
  /** The connection went before it was over. */
  lost(): void;
}

/**
 * Questions on their way: gives each a number, keeps those back that the server
 * would find too many, and hands each message to the question that it belongs
 * to. Nothing outlives a connection.
 */
export class Calls {
  readonly #connection: Connection;
  readonly #running = new Map<number, Call>();
  readonly #unanswered = new Set<number>();
  readonly #waiting = new Map<number, Call>();
  #next = 1;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onMessage((message) => this.#receive(message));
    connection.onState(() => {
      if (connection.state.state !== "open") this.#lose();
    });
  }

  /** Asks, now or as soon as the server has answered others. Call only while the connection is open. */
  start(call: Call): number {
    const id = this.#next++;
    this.#waiting.set(id, call);
    this.#send();
    return id;
  }

  /** Asks once; rejects with a WireError, also when the connection is not there or goes. */
  ask(query: unknown, options?: Options, request?: string): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#connection.state.state !== "open") {
        reject(lostTo(this.#connection));
        return;
      }
      const id = this.start({
        query,
        options,
        request,
        lost: () => reject(lostTo(this.#connection)),
        on: (message) => {
          this.#running.delete(id);
          if (message.op === "error") reject(message.error);
          else if (message.op === "answer") resolve(message);
        },
      });
    });
  }

  /** Ends a question for good; nothing more comes for it. */
  cancel(id: number): void {
    if (this.#waiting.delete(id) || !this.#running.delete(id)) return;
    this.#unanswered.delete(id);
    this.#connection.send({ op: "cancel", id });
    this.#send();
  }

  #send(): void {
    for (const [id, { query, options, request }] of this.#waiting) {
      if (this.#unanswered.size >= MAX_UNANSWERED) return;
      if (!this.#connection.send({ op: "ask", id, query, options, request })) return;
      const call = this.#waiting.get(id);
      this.#waiting.delete(id);
      this.#unanswered.add(id);
      if (call) this.#running.set(id, call);
    }
  }

  #receive(message: ServerMessage): void {
    if (!("id" in message) || message.id === undefined) return;
    const call = this.#running.get(message.id);
    this.#unanswered.delete(message.id);
    if (message.op === "error") this.#running.delete(message.id);
    call?.on(message);
    this.#send();
  }

  #lose(): void {
    const calls = [...this.#running.values(), ...this.#waiting.values()];
    this.#running.clear();
    this.#waiting.clear();
    this.#unanswered.clear();
    for (const call of calls) call.lost();
  }
}

/** What a question is answered with that cannot be asked, or whose answer does not come any more. */
export function lostTo({ state }: Connection): WireError {
  return state.state !== "open" && state.why === "no_database" ? noDatabase : offline;
}

/** Whether that is the reason: the server has not refused it. */
export function wasLost(error: WireError): boolean {
  return error === offline || error === noDatabase;
}

const offline: WireError = {
  kind: "unavailable",
  message: "The server cannot be reached. Please try again when the connection is back.",
};

const noDatabase: WireError = {
  kind: "unavailable",
  message: "The server is there, but its database cannot be reached. Please try again when it is back.",
};
