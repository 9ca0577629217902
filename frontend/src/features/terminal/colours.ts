import { useSyncExternalStore } from "react";
import { useDark } from "../../ui/useDark";
import type { Colours } from "./screen";

/** What a person chooses for terminals: as the page is, or one for ever. */
export type ColourChoice = "page" | Colours;

const KEY = "lyceum.terminal.colours";
const CHOICES: readonly ColourChoice[] = ["page", "light", "dark", "contrast"];
const QUERY = "(prefers-contrast: more), (forced-colors: active)";

const listeners = new Set<() => void>();
let chosenHere: ColourChoice | undefined; // for a browser that keeps nothing

function chosen(): ColourChoice {
  if (chosenHere) return chosenHere;
  try {
    const kept = localStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === kept) ?? "page";
  } catch {
    return "page";
  }
}

/** Keeps the choice in this browser; every terminal follows at once. */
export function chooseColours(choice: ColourChoice): void {
  chosenHere = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // it holds until the page is reloaded
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const list = matchMedia(QUERY);
  list.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    list.removeEventListener("change", listener);
  };
}

/** The choice, and the colours that come of it; a page follows what the computer says of contrast. */
export function useColours(): { choice: ColourChoice; colours: Colours } {
  const dark = useDark();
  const choice = useSyncExternalStore(subscribe, chosen);
  const contrast = useSyncExternalStore(subscribe, () => matchMedia(QUERY).matches);
  if (choice !== "page") return { choice, colours: choice };
  return { choice, colours: contrast ? "contrast" : dark ? "dark" : "light" };
}
