const keyOf = (projectId: string) => `lyceum.notices.${projectId}`;

/** How many are remembered: more are never news at the same time. */
const MAX_KEPT = 20;

/** The notices of a project that somebody has put away in this browser. */
export function putAwayNews(projectId: string): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(projectId)) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : []);
  } catch {
    return new Set(); // a browser that keeps nothing, or something else under this name
  }
}

/** Puts one more away; returns all. */
export function putAway(projectId: string, away: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const all = [...away, id].slice(-MAX_KEPT);
  try {
    localStorage.setItem(keyOf(projectId), JSON.stringify(all));
  } catch {
    // as above: it stays away until the page is reloaded
  }
  return new Set(all);
}
