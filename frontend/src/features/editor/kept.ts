import { applyUpdate, Doc } from "yjs";
import type { KeptBox } from "./stash";

/** The text of a document as it stood in the tab whose outbox was kept; what cannot be put together is left out. */
export function keptText(box: KeptBox): string {
  const doc = new Doc();
  const updates = [...(box.state.byteLength > 0 ? [box.state] : []), ...box.entries.map((entry) => entry.update)];
  for (const update of updates) applyUpdate(doc, update);
  return doc.getText("content").toString();
}
