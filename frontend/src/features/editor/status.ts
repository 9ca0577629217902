import type { SessionView } from "./session";

/** What the row of the document says of its file. */
export interface FileRow {
  saved?: { seq: number };
  dirty?: boolean;
  /** A sentence: why it is not saved. */
  error?: string;
  disk?: { state: string };
}

/** How things stand with what one sees, in a few words. */
export interface Status {
  kind: "good" | "busy" | "offline" | "bad";
  text: string;
}

/**
 * The words for the state of saving (D7). "Saved" is said only when the file on
 * disk has all that is on the screen; what the server does not have comes
 * before what the disk does not have.
 *
 * @param late whether what waits has made no progress for some time; what is
 *   just on its way is a part of saving
 */
export function statusOf(view: SessionView, connected: boolean, late: boolean, file: FileRow | null): Status {
  if (view.phase !== "open") return { kind: view.phase === "opening" ? "busy" : "bad", text: phaseWords[view.phase] };
  if (view.unkept && view.pending > 0) {
    return { kind: "bad", text: `${changes(view.pending)} only in this tab: the browser gives no room to keep them` };
  }
  if (!connected) {
    return {
      kind: "offline",
      text: view.pending === 0 ? "Offline" : `Offline — ${changes(view.pending)} kept in this browser`,
    };
  }
  if (view.pending > 0 && late) return { kind: "busy", text: `Not sent (${view.pending})` };
  if (view.pending > 0) return { kind: "busy", text: "Saving…" };
  if (!view.synced) return { kind: "busy", text: "Connecting…" };
  if (file === null) return { kind: "busy", text: "Connecting…" };
  if (file.error !== undefined && file.error !== "") return { kind: "bad", text: "Not saved" };
  if (file.dirty === true || (file.saved?.seq ?? 0) < view.seq) return { kind: "busy", text: "Saving…" };
  return { kind: "good", text: "Saved" };
}

/** Whether the file is gone and can be written again (D8). */
export function gone(file: FileRow | null): boolean {
  return file?.disk?.state !== undefined && file.disk.state !== "ok";
}

const phaseWords: Record<Exclude<SessionView["phase"], "open">, string> = {
  opening: "Opening…",
  failed: "Not opened",
  refused: "Not sent",
  replaced: "Not sent",
  closed: "Closed",
};

function changes(count: number): string {
  return count === 1 ? "1 change" : `${count} changes`;
}
