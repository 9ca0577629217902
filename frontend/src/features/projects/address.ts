import { shownBy, type Tab } from "./tabs";

/** Where a tab is, as the router wants it; without a tab, the folder. */
export function addressOf(projectId: string, tab: Tab | undefined, folder: string) {
  const shown = tab === undefined ? undefined : shownBy(tab);
  switch (shown?.kind) {
    case "document":
      return { to: "/projects/$projectId/edit/$", params: { projectId, _splat: shown.path } } as const;
    case "terminal":
      return { to: "/projects/$projectId/terminals/$terminalId", params: { projectId, terminalId: shown.id } } as const;
    case undefined:
      return { to: "/projects/$projectId/files/$", params: { projectId, _splat: folder } } as const;
  }
}
