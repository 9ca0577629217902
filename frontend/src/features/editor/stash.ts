import type { Entry } from "./outbox";

/** Which document of which account an outbox belongs to. It is sent only under that account (D3). */
export interface Place {
  account_id: string;
  project_id: string;
  path: string;
  document_id: string;
}

/** An outbox as it was kept in the browser. */
export interface KeptBox extends Place {
  origin: string;
  /** The server has refused it: it is shown, never sent. */
  refused: boolean;
  /** The whole document some moment ago, for reading what cannot be sent; empty if there was no time to keep it. */
  state: Uint8Array;
  entries: Entry[];
}

/**
 * Where outboxes outlive their tab. All writes are carried out in the order of
 * the calls; a write that fails rejects, and the change then lives as long as
 * the tab.
 */
export interface Stash {
  /** The outboxes that were kept for a file, whatever document it was then. */
  list(file: Omit<Place, "document_id">): Promise<KeptBox[]>;

  /** The files for which an account has something kept that was not refused, each once. */
  files(accountId: string): Promise<{ project_id: string; path: string }[]>;

  /**
   * Holds an outbox for this tab alone.
   *
   * @returns how to let it go, or undefined if another tab holds it
   */
  hold(origin: string): Promise<(() => void) | undefined>;

  /** Keeps one change more; makes the outbox if it is not there. */
  add(place: Place, origin: string, entry: Entry): Promise<void>;

  /** Keeps a copy of the document beside the changes, and whether they were refused. */
  keep(origin: string, state: Uint8Array, refused: boolean): Promise<void>;

  /** Forgets the changes up to n, and the outbox with the last of them. */
  acknowledge(origin: string, n: number): Promise<void>;

  /** Forgets an outbox with all that is in it. */
  remove(origin: string): Promise<void>;
}

/** A stash in memory: for tests, and for a browser that gives no storage. Tabs that share it stand for tabs of one browser. */
export class MemoryStash implements Stash {
  private readonly boxes = new Map<string, KeptBox>();
  private readonly held = new Set<string>();

  async list(file: Omit<Place, "document_id">): Promise<KeptBox[]> {
    return [...this.boxes.values()]
      .filter(
        (box) => box.account_id === file.account_id && box.project_id === file.project_id && box.path === file.path,
      )
      .map((box) => ({ ...box, entries: [...box.entries] }));
  }

  async files(accountId: string): Promise<{ project_id: string; path: string }[]> {
    return distinctFiles([...this.boxes.values()].filter((box) => box.account_id === accountId));
  }

  async hold(origin: string): Promise<(() => void) | undefined> {
    if (this.held.has(origin)) return undefined;
    this.held.add(origin);
    return () => this.held.delete(origin);
  }

  async add(place: Place, origin: string, entry: Entry): Promise<void> {
    const box = this.boxes.get(origin);
    if (box) box.entries.push(entry);
    else this.boxes.set(origin, { ...place, origin, refused: false, state: new Uint8Array(), entries: [entry] });
  }

  async keep(origin: string, state: Uint8Array, refused: boolean): Promise<void> {
    const box = this.boxes.get(origin);
    if (box) this.boxes.set(origin, { ...box, state, refused });
  }

  async acknowledge(origin: string, n: number): Promise<void> {
    const box = this.boxes.get(origin);
    if (!box) return;
    box.entries = box.entries.filter((entry) => entry.n > n);
    if (box.entries.length === 0) this.boxes.delete(origin);
  }

  async remove(origin: string): Promise<void> {
    this.boxes.delete(origin);
  }
}

/** The files of boxes that may be sent, each once. */
export function distinctFiles(
  boxes: readonly (Place & { refused: boolean })[],
): { project_id: string; path: string }[] {
  const files = new Map<string, { project_id: string; path: string }>();
  for (const { project_id, path, refused } of boxes) {
    if (!refused) files.set(JSON.stringify([project_id, path]), { project_id, path });
  }
  return [...files.values()];
}
