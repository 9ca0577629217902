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

/** How wide the frames of a project were, as the library of frames wants it kept. */
export const frameWidths = {
  getItem(key: string): string | null {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // as above
    }
  },
  setItem(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
    } catch {
      // they hold until the page is reloaded
    }
  },
};

export function keepTabs(projectId: string, layout: Layout): void {
  try {
    localStorage.setItem(keyOf(projectId), serialize(layout));
  } catch {
    // as above: they are open until the page is reloaded
  }
}
