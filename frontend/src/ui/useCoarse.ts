import { useSyncExternalStore } from "react";

/** A finger points, and nothing finer: there is hardly a keyboard either. */
const query = "(pointer: coarse)";

/** Whether people touch the screen instead of pointing at it. */
export function useCoarse(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

function subscribe(listener: () => void): () => void {
  const list = matchMedia(query);
  list.addEventListener("change", listener);
  return () => list.removeEventListener("change", listener);
}
