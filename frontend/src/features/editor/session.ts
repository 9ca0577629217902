import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector, type Text } from "yjs";
import { backoff } from "../../lib/backoff";
import {
  type DocumentServer,
  type DocumentState,
  type Failure,
  failureOf,
  type Patch,
  passing,
} from "./documentServer";
import { Outbox } from "./outbox";
import type { KeptBox, Stash } from "./stash";

/** The most bytes that one push merges; half of what the server takes, so that a merge never comes near the bound. */
const MAX_PUSH_BYTES = 512 * 1024;

/** After this pause in typing a copy of the document is kept beside changes that still wait. */
const KEEP_COPY_MS = 1000;

/** Marks changes that the server knows already. */
const FROM_SERVER = Symbol("from the server");

/** Marks changes that are in an outbox already. */
const FROM_OUTBOX = Symbol("from an outbox");

export interface SessionOptions {
  server: DocumentServer;
  stash: Stash;
  account_id: string;
  project_id: string;
  path: string;
  newID(): string;
  /** In [0, 1), as Math.random. */
  chance(): number;
  /** Calls fn once after ms; returns how to prevent it. */
  after(ms: number, fn: () => void): () => void;
}

/** What a session knows at a moment; a new object after every change. */
export interface SessionView {
  phase:
    | "opening"
    /** The text can be read and, if not readOnly, edited, also offline. */
    | "open"
    /** It never opened; message says why. */
    | "failed"
    /** The server refuses what was typed here (D3), or shows the document no longer: read, copy, discard. */
    | "refused"
    /** The file is another document now, or the server has lost a part of this one (D4). */
    | "replaced"
    | "closed";
  message?: string;
  documentId?: string;
  readOnly: boolean;
  /** The session has the newest state and may send. False while offline. */
  synced: boolean;
  /** Local changes that are not acknowledged. */
  pending: number;
  /** Rises with every acknowledgement: while it does, what waits is on its way. */
  progress: number;
  /** The browser did not keep a waiting change: it is lost with the tab. */
  unkept: boolean;
  /** The newest patch that the text holds. */
  seq: number;
  /** What was typed here earlier and cannot be sent: refused, or meant for another document. */
  leftovers: readonly KeptBox[];
}

/**
 * One open document of one tab: a Yjs document, kept equal with the server's.
 *
 * What is typed is in `text` at once, in an outbox until the server has it
 * durable, and in the stash as long, so that it outlives the tab. One push is
 * on its way at a time; what is typed meanwhile goes with the next. Whenever
 * the order is in doubt (lost connection, gap, conflict) the session asks for
 * the state again and sends what is above the number that the server has.
 */
export class DocumentSession {
  readonly doc = new Doc();
  readonly text: Text = this.doc.getText("content");

  private current: SessionView = {
    phase: "opening",
    readOnly: true,
    synced: false,
    pending: 0,
    progress: 0,
    unkept: false,
    seq: 0,
    leftovers: [],
  };
  private readonly listeners = new Set<() => void>();
  private readonly own: Outbox;
  private adopted: Outbox[] = [];
  private releases: (() => void)[] = [];
  private attempt = 0; // rises when answers on their way lose their meaning
  private failures = 0; // since the last success, for the pause before the next try
  private sending = false;
  private stopFollowing = () => {};
  private cancelRetry = () => {};
  private cancelCopy = () => {};
  private readonly stopConnection: () => void;

  constructor(private readonly options: SessionOptions) {
    this.own = new Outbox(options.newID());
    this.hold(this.own.origin);
    this.doc.on("update", (update: Uint8Array, origin: unknown) => this.changed(update, origin));
    this.stopConnection = options.server.onConnection(() => this.connectionChanged());
    if (options.server.connected()) void this.open();
  }

  view = (): SessionView => this.current;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The id of this tab's outbox: patches with this origin are ours. */
  get origin(): string {
    return this.own.origin;
  }

  /** Tries again to open what failed. */
  retry(): void {
    if (this.current.phase !== "failed") return;
    this.show({ phase: "opening", message: undefined });
    void this.open();
  }

  /** Asks for the state again: for when the caller's role has changed. */
  refresh(): void {
    if (this.current.phase === "open" && this.options.server.connected()) void this.open();
  }

  /** Forgets what was typed and not sent, and closes: the owner opens the file anew. */
  async discard(): Promise<void> {
    const origins = this.boxes().map((box) => box.origin);
    this.close();
    await Promise.all(origins.map((origin) => this.options.stash.remove(origin)));
  }

  /** Forgets something that was left over from before. */
  async discardLeftover(origin: string): Promise<void> {
    await this.options.stash.remove(origin);
    this.show({ leftovers: this.current.leftovers.filter((box) => box.origin !== origin) });
  }

  /** Ends the session. What waits stays in the stash, for the next tab that opens the document. */
  close(): void {
    if (this.current.phase === "closed") return;
    this.attempt++;
    this.stopFollowing();
    this.cancelRetry();
    this.cancelCopy();
    this.stopConnection();
    this.show({ phase: "closed", synced: false, readOnly: true });
    for (const release of this.releases) release();
    this.doc.destroy();
  }

  private boxes(): Outbox[] {
    return [...this.adopted, this.own];
  }

  private show(change: Partial<SessionView>): void {
    const pending = this.boxes().reduce((sum, box) => sum + box.size, 0);
    this.current = { ...this.current, ...change, pending };
    for (const listener of this.listeners) listener();
  }

  private connectionChanged(): void {
    const { phase } = this.current;
    if (phase !== "opening" && phase !== "open") return;
    if (this.options.server.connected()) {
      this.failures = 0;
      void this.open();
      return;
    }
    this.attempt++;
    this.sending = false;
    this.stopFollowing();
    this.cancelRetry();
    this.keepCopy();
    this.show({ synced: false });
  }

  /** Asks for the state, follows the patches above it and sends what waits. */
  private async open(): Promise<void> {
    const attempt = ++this.attempt;
    this.sending = false;
    this.stopFollowing();
    this.cancelRetry();
    if (this.current.synced) this.show({ synced: false });
    const { project_id, path } = this.options;
    let state: DocumentState;
    try {
      state = await this.options.server.state({ project_id, path, state_vector: encodeStateVector(this.doc) });
      if (attempt !== this.attempt) return;
      if (this.current.documentId === undefined) await this.adopt(state);
    } catch (thrown) {
      if (attempt === this.attempt) this.openFailed(failureOf(thrown));
      return;
    }
    if (attempt !== this.attempt) return;
    const { documentId, seq } = this.current;
    if (documentId !== undefined && (documentId !== state.document_id || state.seq < seq)) {
      this.lock("replaced", "The server has another file in this place now than the one that is open here.");
      return;
    }
    if (!this.apply(state.update)) return;
    for (const box of this.boxes()) this.acknowledge(box, state.merged[box.origin] ?? 0);
    for (const box of this.adopted) {
      for (const { update } of box.waiting) applyUpdate(this.doc, update, FROM_OUTBOX);
    }
    this.show({
      phase: "open",
      message: undefined,
      documentId: state.document_id,
      seq: state.seq,
      readOnly: state.read_only,
      synced: true,
    });
    if (state.read_only && this.current.pending > 0) {
      this.lock("refused", "You may only read this file now. What you typed last was not taken.");
      return;
    }
    this.stopFollowing = this.options.server.follow(state.document_id, state.seq, {
      patches: (patches) => attempt === this.attempt && this.receive(patches),
      lost: () => attempt === this.attempt && this.reopenLater(),
    });
    void this.pump();
  }

  /** Takes over what closed tabs have left, or shows it where it cannot be sent. */
  private async adopt(state: DocumentState): Promise<void> {
    const { account_id, project_id, path, stash } = this.options;
    const kept = await stash.list({ account_id, project_id, path }).catch(() => []);
    for (const box of kept) {
      const known = [...this.boxes(), ...this.current.leftovers].some((one) => one.origin === box.origin);
      const release = known ? undefined : await stash.hold(box.origin);
      if (!release) continue; // ours, or another tab's
      if (this.current.phase === "closed") return release();
      this.releases.push(release);
      if (box.refused || state.read_only || box.document_id !== state.document_id) {
        this.show({ leftovers: [...this.current.leftovers, box] });
      } else {
        this.adopted.push(new Outbox(box.origin, box.entries));
      }
    }
  }

  private openFailed(failure: Failure): void {
    if (passing(failure)) {
      this.show({ message: failure.message });
      this.reopenLater();
    } else if (this.current.documentId === undefined) {
      this.show({ phase: "failed", message: failure.message });
    } else {
      this.lock("refused", failure.message);
    }
  }

  /** Opens again after a pause, or when the connection is back. */
  private reopenLater(): void {
    this.attempt++;
    this.sending = false;
    this.stopFollowing();
    this.cancelRetry();
    if (this.current.synced) this.show({ synced: false });
    if (!this.options.server.connected()) return;
    this.cancelRetry = this.options.after(backoff(this.failures++, this.options.chance()), () => void this.open());
  }

  /** Makes the document read-only for good, with what was typed in it. */
  private lock(phase: "refused" | "replaced", message: string): void {
    this.attempt++;
    this.stopFollowing();
    this.cancelRetry();
    this.cancelCopy();
    this.show({ phase, message, readOnly: true, synced: false });
    const state = encodeStateAsUpdate(this.doc);
    for (const box of this.boxes()) {
      if (box.size > 0) this.kept(this.options.stash.keep(box.origin, state, phase === "refused"));
    }
  }

  private receive(patches: readonly Patch[]): void {
    for (const patch of patches) {
      const { seq } = this.current;
      if (patch.seq <= seq) continue;
      if (patch.seq !== seq + 1) return this.reopenLater();
      if (!this.apply(patch.update)) return;
      const box = this.boxes().find((one) => one.origin === patch.origin);
      if (box) this.acknowledge(box, patch.n);
      this.show({ seq: patch.seq });
    }
    // Something is missing below what came: ask for it instead of waiting for ever.
    if (this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null) this.reopenLater();
    else this.failures = 0;
  }

  /** @returns false after locking the session, if the update cannot be read */
  private apply(update: Uint8Array): boolean {
    try {
      applyUpdate(this.doc, update, FROM_SERVER);
      return true;
    } catch {
      this.lock("refused", "A change of this document cannot be read by this browser. Please reload the page.");
      return false;
    }
  }

  private changed(update: Uint8Array, origin: unknown): void {
    if (origin === FROM_SERVER || origin === FROM_OUTBOX) return;
    const { documentId } = this.current;
    if (documentId === undefined) return;
    const { account_id, project_id, path, stash } = this.options;
    const entry = this.own.add(update);
    this.kept(stash.add({ account_id, project_id, path, document_id: documentId }, this.own.origin, entry));
    this.keepCopyLater();
    this.show({});
    void this.pump();
  }

  /** Sends the oldest that waits, one push at a time. Adopted changes come first: ours may stand on them. */
  private async pump(): Promise<void> {
    const { synced, readOnly, documentId } = this.current;
    if (!synced || readOnly || this.sending || documentId === undefined) return;
    const box = this.boxes().find((one) => one.size > 0);
    const parcel = box?.next(MAX_PUSH_BYTES);
    if (!box || !parcel) return;
    const attempt = this.attempt;
    this.sending = true;
    try {
      await this.options.server.push({ document_id: documentId, origin: box.origin, ...parcel });
    } catch (thrown) {
      if (attempt === this.attempt) this.pushFailed(failureOf(thrown));
      return;
    }
    this.acknowledge(box, parcel.n); // true for ever, also if the connection was lost meanwhile
    if (attempt !== this.attempt) return;
    this.sending = false;
    this.failures = 0;
    void this.pump();
  }

  private pushFailed(failure: Failure): void {
    if (passing(failure)) this.reopenLater();
    else this.lock("refused", failure.message);
  }

  private acknowledge(box: Outbox, n: number): void {
    if (box.acknowledge(n) === 0) return;
    this.kept(this.options.stash.acknowledge(box.origin, n));
    const progress = this.current.progress + 1;
    this.show(this.boxes().every((one) => one.size === 0) ? { progress, unkept: false } : { progress });
  }

  private hold(origin: string): void {
    const held = this.options.stash.hold(origin).then((release) => {
      if (!release) return;
      if (this.current.phase === "closed") release();
      else this.releases.push(release);
    });
    this.kept(held);
  }

  private keepCopyLater(): void {
    this.cancelCopy();
    this.cancelCopy = this.options.after(this.options.server.connected() ? KEEP_COPY_MS : 0, () => this.keepCopy());
  }

  private keepCopy(): void {
    if (this.own.size > 0) this.kept(this.options.stash.keep(this.own.origin, encodeStateAsUpdate(this.doc), false));
  }

  /** Notices when the browser does not keep something. */
  private kept(written: Promise<unknown>): void {
    written.catch(() => {
      if (!this.current.unkept && this.current.phase !== "closed") this.show({ unkept: true });
    });
  }
}
