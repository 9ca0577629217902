import { useSyncExternalStore } from "react";

/** Whether the page is dark at the moment: for what draws itself and cannot follow the style sheet. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}

const ATTRIBUTE = "data-mantine-color-scheme";

function isDark(): boolean {
  return document.documentElement.getAttribute(ATTRIBUTE) === "dark";
}

function subscribe(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: [ATTRIBUTE] });
  return () => observer.disconnect();
}
