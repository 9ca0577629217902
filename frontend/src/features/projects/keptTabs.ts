import { type Layout, parseLayout, serialize } from "./tabs";

const keyOf = (projectId: string) => `lyceum.tabs.${projectId}`;

/** The tabs that were open in this project when it was last on screen in this browser. */
export function keptTabs(projectId: string): Layout {
  try {
    return parseLayout(localStorage.getItem(keyOf(projectId)));
  } catch {
    return parseLayout(null); // a browser that keeps nothing
  }
}

export function keepTabs(projectId: string, layout: Layout): void {
  try {
    localStorage.setItem(keyOf(projectId), serialize(layout));
  } catch {
    // as above: they are open until the page is reloaded
  }
}
