import { useSyncExternalStore } from "react";

/** Below this width there is room for one thing at a time: a telephone, or half of a small screen. */
const query = "(width < 760px)";

/** Whether the window is narrow. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

function subscribe(listener: () => void): () => void {
  const list = matchMedia(query);
  list.addEventListener("change", listener);
  return () => list.removeEventListener("change", listener);
}
