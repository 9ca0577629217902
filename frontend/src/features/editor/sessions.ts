import { newID } from "../../lib/ids";
import type { LiveStore } from "../../live/LiveStore";
import { BrowserStash } from "./browserStash";
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

const sessionsOf = new WeakMap<LiveStore, Sessions>();

/** The sessions of the tab whose tables these are. */
export function sessionsFor(store: LiveStore): Sessions {
  const found = sessionsOf.get(store);
  if (found) return found;
  const stash = openStash();
  const sessions = new Sessions(
    (account_id, project_id, path) =>
      new DocumentSession({
        server: tablesServer(store, account_id),
        stash,
        account_id,
        project_id,
        path,
        newID,
        chance: Math.random,
        after,
      }),
  );
  sessionsOf.set(store, sessions);
  return sessions;
}

export function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}

/** One stash for each place where Lyceum is served on this origin; a browser without storage keeps things in memory. */
function openStash(): Stash {
  return "indexedDB" in globalThis
    ? new BrowserStash(`lyceum:${new URL(document.baseURI).pathname}`)
    : new MemoryStash();
}
