import { useEffect, useState } from "react";
import { rowsOf } from "../live/live";
import { useAccountId, useLive } from "../live/react";
import type { Scheme } from "../ui/UiProvider";

/** Where the last scheme is kept, so that the first picture of a page is not the wrong one. */
const KEY = "lyceum.scheme";

/** Light, dark, or as the computer says: the account's setting, and until that is known the last one. */
export function useScheme(): Scheme {
  const account = useAccountId();
  const [kept] = useState(() => parse(read()));
  const rows = rowsOf(useLive("accounts", account === undefined ? undefined : { id: account, editor_settings: null }));
  const theme = rows[0]?.editor_settings.theme;
  useEffect(() => {
    if (theme !== undefined) write(theme);
  }, [theme]);
  return theme ?? kept;
}

function parse(text: string | null): Scheme {
  return text === "light" || text === "dark" ? text : "auto";
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing
  }
}

function write(scheme: Scheme): void {
  try {
    localStorage.setItem(KEY, scheme);
  } catch {
    // as above: the first picture may be the wrong one
  }
}
