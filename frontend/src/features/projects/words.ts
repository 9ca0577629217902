import type { Project } from "../../wire/types.gen";

export type Role = "viewer" | "editor" | "owner";
export type State = Project["state"]["state"];
export type ActionName = NonNullable<Project["action_request"]>["action"];

const STATES = {
  archived: { word: "Archived", tone: "neutral", busy: false },
  stopped: { word: "Stopped", tone: "neutral", busy: false },
  starting: { word: "Starting", tone: "accent", busy: true },
  running: { word: "Running", tone: "ok", busy: false },
  stopping: { word: "Stopping", tone: "warn", busy: true },
} as const satisfies Record<State, unknown>;

/** How a state is shown. */
export function lookOf(state: State) {
  return STATES[state];
}

const DONE: Record<ActionName, string> = {
  start: "start",
  stop: "stop",
  restart: "restart",
  archive: "archive",
  unarchive: "bring back",
};

/** Who asked what of a project: "Bob asked to restart it". */
export function askedWords(action: ActionName, name: string | undefined): string {
  return name === undefined ? `The server chose to ${DONE[action]} it` : `${name} asked to ${DONE[action]} it`;
}

/** The role of an account in a project; undefined if it has none. */
export function roleOf(users: Project["users"], accountId: string | undefined): Role | undefined {
  return accountId === undefined ? undefined : users[accountId]?.role;
}

const RANK: Record<Role, number> = { viewer: 1, editor: 2, owner: 3 };

const NEEDS: Record<ActionName, Role> = {
  start: "viewer",
  stop: "editor",
  restart: "editor",
  archive: "owner",
  unarchive: "owner",
};

/** Why somebody of this role cannot do this now, as a sentence; undefined when it can be done. */
export function whyNot(action: ActionName, role: Role, state: State): string | undefined {
  const need = NEEDS[action];
  if (RANK[role] < RANK[need]) return roleReason(need);
  switch (action) {
    case "start":
      if (state === "archived") return "The project is archived. An owner can bring it back.";
      return state === "stopped" ? undefined : "It is running already.";
    case "stop":
    case "restart":
      return state === "running" || state === "starting" ? undefined : "It is not running.";
    case "archive":
      return state === "archived" ? "It is archived already." : undefined;
    case "unarchive":
      return state === "archived" ? undefined : "It is not archived.";
  }
}

/** What somebody is told whose role is not enough. */
export function roleReason(need: Role): string {
  return need === "owner" ? "Only owners can do this." : "Viewers can only look. Ask an owner to make you an editor.";
}

/** Whether somebody of this role may change files, titles and what runs. */
export function mayEdit(role: Role): boolean {
  return RANK[role] >= RANK.editor;
}

export const ROLES = [
  { value: "viewer", label: "Viewer", text: "reads everything" },
  { value: "editor", label: "Editor", text: "changes files and runs programs" },
  { value: "owner", label: "Owner", text: "also manages people" },
] as const satisfies readonly { value: Role; label: string; text: string }[];
