import type { LiveStore } from "../../live/LiveStore";

/**
 * Sends what closed tabs of this browser have left in outboxes of an account,
 * without waiting for somebody to open those files again (D3). The editor's code
 * is loaded only if there is something. Call it once a page, after the sign-in.
 *
 * @returns how many documents had something waiting
 */
export async function sendLeftovers(store: LiveStore, accountId: string): Promise<number> {
  if (!(await mayHaveLeftovers())) return 0;
  const { sendKept } = await import("./sessions");
  return sendKept(store, accountId);
}

/** Whether an editor was ever opened in this browser. Where it cannot be asked, perhaps. */
async function mayHaveLeftovers(): Promise<boolean> {
  if (!("indexedDB" in globalThis)) return false;
  if (typeof indexedDB.databases !== "function") return true;
  const name = databaseName();
  return (await indexedDB.databases()).some((database) => database.name === name);
}

/** One database for each place where Lyceum is served on this origin. */
export function databaseName(): string {
  return `lyceum:${new URL(document.baseURI).pathname}`;
}
