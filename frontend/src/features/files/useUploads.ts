import { useSyncExternalStore } from "react";
import { fileAddress } from "../../lib/addresses";
import type { LiveStore } from "../../live/LiveStore";
import { useStore } from "../../live/react";
import { putFile, type Upload, Uploads } from "./uploads";

/** Uploads go on while the panel is not on the screen, so they belong to the tab and not to a component. */
const uploadsOf = new WeakMap<LiveStore, Map<string, Uploads>>();

/** The uploads of this tab into a project. */
export function useUploads(projectId: string): [Uploads, readonly Upload[]] {
  const uploads = uploadsFor(useStore(), projectId);
  return [uploads, useSyncExternalStore(uploads.subscribe, uploads.view)];
}

export function uploadsFor(store: LiveStore, projectId: string): Uploads {
  const projects = uploadsOf.get(store) ?? new Map<string, Uploads>();
  uploadsOf.set(store, projects);
  const uploads = projects.get(projectId) ?? new Uploads(putFile((path) => fileAddress(projectId, path)));
  projects.set(projectId, uploads);
  return uploads;
}
