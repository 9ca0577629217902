import { useState } from "react";
import { keepPast, type Past, pastOf, withPast } from "./past";

/** What this account has run in this browser. */
export function usePast(accountId: string) {
  const [past, setPast] = useState(() => pastOf(shelf, accountId));
  const keep = (list: readonly Past[]) => {
    setPast([...list]);
    keepPast(shelf, accountId, list);
  };
  return {
    past,
    // Another tab may have run something meanwhile.
    add: (query: string, options: string) =>
      keep(withPast(pastOf(shelf, accountId), { query, options, time: Date.now() })),
    clear: () => keep([]),
  };
}

/** Looked up at each use: a browser may refuse its storage by throwing. */
const shelf = {
  getItem: (key: string) => localStorage.getItem(key),
  setItem: (key: string, value: string) => localStorage.setItem(key, value),
  removeItem: (key: string) => localStorage.removeItem(key),
};
