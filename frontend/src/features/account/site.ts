import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";

const shape = { id: null, name: null, sign_up: null, first_account: null } as const;

/** What everybody may know of this site; undefined until it is known. */
export function useSite() {
  return rowsOf(useLive("site_settings", shape))[0];
}
