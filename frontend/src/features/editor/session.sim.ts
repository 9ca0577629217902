import { applyUpdate, Doc, encodeStateAsUpdate } from "yjs";
import type { Acknowledgement, DocumentServer, DocumentState, Failure, Patch, Push } from "./documentServer";

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A clock of its own: what is due is done in order of time, and promises settle in between. */
export class Clock {
  now = 0;
  private count = 0;
  private due: { at: number; order: number; fn: () => void }[] = [];

  after = (ms: number, fn: () => void): (() => void) => {
    const job = { at: this.now + ms, order: this.count++, fn };
    this.due.push(job);
    return () => {
      this.due = this.due.filter((one) => one !== job);
    };
  };

  /** Does the next thing. @returns false when nothing is due any more */
  async step(): Promise<boolean> {
    await new Promise((done) => setImmediate(done));
    this.due.sort((a, b) => a.at - b.at || a.order - b.order);
    const job = this.due.shift();
    if (!job) return false;
    this.now = job.at;
    job.fn();
    await new Promise((done) => setImmediate(done));
    return true;
  }

  /** Does all that is due in the next ms. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    this.after(ms, () => {});
    while (this.now < end) await this.step();
  }
}

/** The document's room on the server, keeping rules D1 to D3. */
export class Room {
  id = "d1";
  readonly doc = new Doc();
  readonly patches: Patch[] = [];
  readonly merged: Record<string, number> = {};
  readonly followers = new Set<(patch: Patch) => void>();
  readOnly = false;
  /** What is answered instead, once for each. */
  readonly refusals: Failure[] = [];

  state(vector: Uint8Array): DocumentState {
    return {
      document_id: this.id,
      update: encodeStateAsUpdate(this.doc, vector),
      seq: this.patches.length,
      merged: { ...this.merged },
      read_only: this.readOnly,
    };
  }

  push({ origin, n_from, n, update }: Push): Acknowledgement {
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    if (this.readOnly) throw { kind: "denied", message: "You may only read this." };
    if (n <= (this.merged[origin] ?? 0)) return { seq: this.patches.length, n };
    if (n_from !== (this.merged[origin] ?? 0) + 1) {
      throw { kind: "conflict", message: "Some of your earlier changes did not arrive. They are sent again." };
    }
    applyUpdate(this.doc, update);
    if (this.doc.store.pendingStructs !== null) throw new Error(`push ${origin}/${n} stands on what was never sent`);
    this.merged[origin] = n;
    const patch = { seq: this.patches.length + 1, origin, n, update };
    this.patches.push(patch);
    for (const follower of this.followers) follower(patch);
    return { seq: patch.seq, n };
  }
}

/** One tab's connection to a room: slow, in order, and lost when `drop` is called. */
export class Line implements DocumentServer {
  pushes = 0;
  private up = true;
  private life = 0; // of this connection
  private upstream = 0; // when the last message arrives
  private downstream = 0;
  private readonly listeners = new Set<() => void>();
  private readonly waiting = new Set<(failure: Failure) => void>();
  private readonly unfollow = new Set<() => void>();

  constructor(
    private readonly room: Room,
    private readonly clock: Clock,
    private readonly chance: () => number,
  ) {}

  connected = () => this.up;

  onConnection(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Breaks the connection: what is on its way may arrive, and nobody learns of it. */
  drop(): void {
    if (!this.up) return;
    this.up = false;
    this.life++;
    this.upstream = this.downstream = 0; // the next connection may overtake what is still on its way
    for (const stop of this.unfollow) stop();
    for (const reject of this.waiting) reject({ kind: "unavailable", message: "The connection was lost." });
    this.waiting.clear();
    for (const listener of [...this.listeners]) listener();
  }

  restore(): void {
    if (this.up) return;
    this.up = true;
    for (const listener of [...this.listeners]) listener();
  }

  state({ state_vector }: { state_vector: Uint8Array }): Promise<DocumentState> {
    return this.ask(() => this.room.state(state_vector));
  }

  push(patch: Push): Promise<Acknowledgement> {
    this.pushes++;
    return this.ask(() => this.room.push(patch));
  }

  follow(_document: string, seq: number, on: { patches(patches: Patch[]): void; lost(): void }): () => void {
    const life = this.life;
    let stopped = false;
    const tell = (patch: Patch) => {
      this.toTab(() => {
        if (!stopped && life === this.life) on.patches([patch]);
      });
    };
    const stop = () => {
      stopped = true;
      this.room.followers.delete(tell);
      this.unfollow.delete(stop);
    };
    this.unfollow.add(stop);
    this.toServer(() => {
      if (stopped) return;
      for (const patch of this.room.patches.slice(seq)) tell(patch);
      this.room.followers.add(tell);
    });
    return stop;
  }

  private ask<T>(answer: () => T): Promise<T> {
    if (!this.up) return Promise.reject({ kind: "unavailable", message: "There is no connection." });
    const life = this.life;
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      const settle = (fn: () => void) =>
        this.toTab(() => {
          if (life === this.life && this.waiting.delete(reject)) fn();
        });
      this.toServer(() => {
        try {
          const value = answer();
          settle(() => resolve(value));
        } catch (thrown) {
          settle(() => reject(thrown));
        }
      });
    });
  }

  /** Carries a message to the server, in order; one of a lost connection arrives or not. */
  private toServer(fn: () => void): void {
    const life = this.life;
    const survives = this.chance() < 0.5;
    this.upstream = Math.max(this.upstream, this.clock.now + this.delay());
    this.clock.after(this.upstream - this.clock.now, () => {
      if (life === this.life || survives) fn();
    });
  }

  private toTab(fn: () => void): void {
    this.downstream = Math.max(this.downstream, this.clock.now + this.delay());
    this.clock.after(this.downstream - this.clock.now, fn);
  }

  private delay(): number {
    return 1 + Math.floor(this.chance() * 80);
  }
}
