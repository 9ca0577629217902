import { useSyncExternalStore } from "react";

/** Whether the page is on screen: not in a tab behind another one, nor in a window that is folded away. */
export function useVisible(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === "visible");
}

function subscribe(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}
