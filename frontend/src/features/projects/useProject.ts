import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";

const nameShape = { id: null, name: null } as const;

/** The names of everybody who shares a project with us, by account; live. */
export function useNames(): ReadonlyMap<string, string> {
  return new Map(rowsOf(useLive("collaborators", nameShape)).map(({ id, name }) => [id, name]));
}

/** One project as it is now. */
export function useProject(id: string) {
  return useLive("projects", {
    id,
    title: null,
    description: null,
    users: null,
    created: null,
    last_edited: null,
    action_request: null,
    state: null,
    isolation: null,
    stops_at: null,
    out_of_memory: null,
    disk_full: null,
    restart_reason: null,
    network_note: null,
    server: null,
  });
}
