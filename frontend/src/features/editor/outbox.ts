import { mergeUpdates } from "yjs";

/** One local change that the server has not acknowledged. */
export interface Entry {
  n: number;
  update: Uint8Array;
}

/** One push: a change, or several merged. */
export interface Parcel extends Entry {
  /** The number of the oldest change in it; n is that of the newest. */
  n_from: number;
}

/**
 * The changes of one tab that the server has not acknowledged, numbered 1, 2,
 * 3, … without gaps. A number is given once: what it stands for never changes,
 * so sending it again is harmless, also from another tab that takes over the
 * outbox of a closed one (D3).
 */
export class Outbox {
  private entries: Entry[];
  private last: number;

  constructor(
    readonly origin: string,
    kept: readonly Entry[] = [],
  ) {
    this.entries = kept.toSorted((a, b) => a.n - b.n);
    this.last = this.entries.at(-1)?.n ?? 0;
  }

  /** How many changes wait. */
  get size(): number {
    return this.entries.length;
  }

  /** The number of the last change that was added. */
  get newest(): number {
    return this.last;
  }

  /** What waits, oldest first. */
  get waiting(): readonly Entry[] {
    return this.entries;
  }

  add(update: Uint8Array): Entry {
    const entry = { n: ++this.last, update };
    this.entries.push(entry);
    return entry;
  }

  /** Forgets all changes up to n. @returns how many there were */
  acknowledge(n: number): number {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.n > n);
    return before - this.entries.length;
  }

  /**
   * The oldest changes merged into one, as many as stay under maxBytes, at
   * least one; undefined when nothing waits. They stay until acknowledged.
   */
  next(maxBytes: number): Parcel | undefined {
    let bytes = 0;
    const taken: Entry[] = [];
    for (const entry of this.entries) {
      bytes += entry.update.byteLength;
      if (taken.length > 0 && bytes > maxBytes) break;
      taken.push(entry);
    }
    const [oldest] = taken;
    const newest = taken.at(-1);
    if (oldest === undefined || newest === undefined) return undefined;
    const update = taken.length === 1 ? newest.update : mergeUpdates(taken.map((entry) => entry.update));
    return { n_from: oldest.n, n: newest.n, update };
  }
}
