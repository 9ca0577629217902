import { nameOf } from "../../lib/paths";
import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";
import { shownBy, type Tab } from "./tabs";

/** What tabs are called: the name of the file, the title of the terminal. */
export function useTabNames(projectId: string): (tab: Tab) => string {
  const terminals = rowsOf(useLive("terminals", { project_id: projectId, id: null, title: null }));
  return (tab) => {
    const shown = shownBy(tab);
    if (shown.kind === "document") return nameOf(shown.path);
    return terminals.find((terminal) => terminal.id === shown.id)?.title ?? "Terminal";
  };
}
