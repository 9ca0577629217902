import { newID } from "../../lib/ids";
import type { LiveStore } from "../../live/LiveStore";
import { BrowserStash } from "./browserStash";
import { databaseName } from "./sendLeftovers";
import { DocumentSession } from "./session";
import { MemoryStash, type Stash } from "./stash";
import { tablesServer } from "./tablesServer";

interface Shared {
  session: DocumentSession;
  users: number;
}

/**
 * The open documents of one tab, shared by who looks at the same one. A session
 * that nobody looks at any more lives on until the server has all that was
 * typed in it.
 */
export class Sessions {
  private readonly shared = new Map<string, Shared>();

  constructor(private readonly make: (accountId: string, projectId: string, path: string) => DocumentSession) {}

  /** @returns the session, and how to leave it */
  open(accountId: string, projectId: string, path: string): { session: DocumentSession; leave(): void } {
    const key = JSON.stringify([accountId, projectId, path]);
    const found = this.shared.get(key);
    const fresh = !found || found.session.view().phase === "closed" || lost(found.session);
    const entry = fresh ? { session: this.make(accountId, projectId, path), users: 0 } : found;
    this.shared.set(key, entry);
    entry.users++;
    let left = false;
    return {
      session: entry.session,
      leave: () => {
        if (left) return;
        left = true;
        entry.users--;
        this.closeWhenSettled(key, entry);
      },
    };
  }

  private closeWhenSettled(key: string, entry: Shared): void {
    const { session } = entry;
    const settle = () => {
      const { phase, pending } = session.view();
      if (entry.users > 0) return stop();
      if (phase === "open" && pending > 0) return;
      stop();
      if (this.shared.get(key) === entry) this.shared.delete(key);
      session.close();
    };
    const stop = session.subscribe(settle);
    settle();
  }
}

/** Whether a session has come to an end that only another session can mend. */
function lost(session: DocumentSession): boolean {
  const { phase } = session.view();
  return phase === "failed";
}

/** What the editors of one tab share. */
interface Editors {
  sessions: Sessions;
  stash: Stash;
}

const editorsOf = new WeakMap<LiveStore, Editors>();

/** The sessions of the tab whose tables these are. */
export function sessionsFor(store: LiveStore): Sessions {
  return editorsFor(store).sessions;
}

/** Opens each document for which this browser has kept something, until it is sent. @returns how many there are */
export async function sendKept(store: LiveStore, accountId: string): Promise<number> {
  const { sessions, stash } = editorsFor(store);
  const files = await stash.files(accountId);
  for (const { project_id, path } of files) {
    const { session, leave } = sessions.open(accountId, project_id, path);
    const stop = session.subscribe(() => {
      const { phase, message, synced } = session.view();
      // What waits keeps the session alive from here on; where opening fails, the next page tries again.
      if ((phase === "opening" && message === undefined) || (phase === "open" && !synced)) return;
      stop();
      leave();
    });
  }
  return files.length;
}

function editorsFor(store: LiveStore): Editors {
  const found = editorsOf.get(store);
  if (found) return found;
  const stash = "indexedDB" in globalThis ? new BrowserStash(databaseName()) : new MemoryStash();
  const make = (account_id: string, project_id: string, path: string) =>
    new DocumentSession({
      server: tablesServer(store, account_id),
      stash,
      account_id,
      project_id,
      path,
      newID,
      chance: Math.random,
      after,
    });
  const editors = { sessions: new Sessions(make), stash };
  editorsOf.set(store, editors);
  return editors;
}

export function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
