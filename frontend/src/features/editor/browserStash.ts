import type { Entry } from "./outbox";
import { distinctFiles, type KeptBox, type Place, type Stash } from "./stash";

/** Raised when the stores below change their form. */
const VERSION = 1;

/** What stands in the store "boxes"; the changes themselves are rows of "changes". */
type BoxRow = Omit<KeptBox, "entries">;

interface ChangeRow extends Entry {
  origin: string;
}

/**
 * A stash in IndexedDB, shared by all tabs of the browser on this origin. An
 * outbox is held by a Web Lock, which the browser lets go when the tab dies.
 *
 * Where the browser offers no locks (a page without TLS on another machine),
 * two tabs can send the same outbox. That is harmless: what a number stands
 * for never changes, and the server takes each number once.
 */
export class BrowserStash implements Stash {
  private readonly database: Promise<IDBDatabase>;

  /** @param name of the database; one for each place where Lyceum is served on this origin */
  constructor(private readonly name: string) {
    this.database = openDatabase(name);
    this.database.catch(() => {}); // each call below reports it
  }

  async list(file: Omit<Place, "document_id">): Promise<KeptBox[]> {
    const database = await this.database;
    const transaction = database.transaction(["boxes", "changes"]);
    const boxes: BoxRow[] = await done(
      transaction.objectStore("boxes").index("file").getAll([file.account_id, file.project_id, file.path]),
    );
    return Promise.all(
      boxes.map(async (box) => {
        const rows: ChangeRow[] = await done(transaction.objectStore("changes").getAll(rangeOf(box.origin)));
        return { ...box, entries: rows.map(({ n, update }) => ({ n, update })) };
      }),
    );
  }

  async files(accountId: string): Promise<{ project_id: string; path: string }[]> {
    const database = await this.database;
    const range = IDBKeyRange.bound([accountId], [accountId, []]); // an array sorts behind every text
    const boxes: BoxRow[] = await done(database.transaction("boxes").objectStore("boxes").index("file").getAll(range));
    return distinctFiles(boxes);
  }

  hold(origin: string): Promise<(() => void) | undefined> {
    const locks: LockManager | undefined = navigator.locks;
    if (locks === undefined) return Promise.resolve(() => {});
    return new Promise((resolve, reject) => {
      locks
        .request(`${this.name}/outbox/${origin}`, { ifAvailable: true }, (lock) => {
          if (!lock) return resolve(undefined);
          return new Promise<void>((release) => resolve(() => release()));
        })
        .catch(reject);
    });
  }

  add(place: Place, origin: string, entry: Entry): Promise<void> {
    return this.write(async (boxes, changes) => {
      const box: BoxRow | undefined = await done(boxes.get(origin));
      if (!box) boxes.put({ ...place, origin, refused: false, state: new Uint8Array() } satisfies BoxRow);
      changes.put({ origin, ...entry } satisfies ChangeRow);
    });
  }

  keep(origin: string, state: Uint8Array, refused: boolean): Promise<void> {
    return this.write(async (boxes) => {
      const box: BoxRow | undefined = await done(boxes.get(origin));
      if (box) boxes.put({ ...box, state, refused });
    });
  }

  acknowledge(origin: string, n: number): Promise<void> {
    return this.write(async (boxes, changes) => {
      changes.delete(IDBKeyRange.bound([origin, 0], [origin, n]));
      const left = await done(changes.count(rangeOf(origin)));
      if (left === 0) boxes.delete(origin);
    });
  }

  remove(origin: string): Promise<void> {
    return this.write(async (boxes, changes) => {
      boxes.delete(origin);
      changes.delete(rangeOf(origin));
    });
  }

  /** Runs one transaction and waits until it is complete. */
  private async write(work: (boxes: IDBObjectStore, changes: IDBObjectStore) => Promise<void>): Promise<void> {
    const database = await this.database;
    const transaction = database.transaction(["boxes", "changes"], "readwrite");
    const complete = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser broke off the transaction"));
    });
    await Promise.all([work(transaction.objectStore("boxes"), transaction.objectStore("changes")), complete]);
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    const boxes = request.result.createObjectStore("boxes", { keyPath: "origin" });
    boxes.createIndex("file", ["account_id", "project_id", "path"]);
    request.result.createObjectStore("changes", { keyPath: ["origin", "n"] });
  };
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's storage gives no reason"));
  });
}

function rangeOf(origin: string): IDBKeyRange {
  return IDBKeyRange.bound([origin, 0], [origin, Number.MAX_SAFE_INTEGER]);
}
