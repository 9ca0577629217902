import { encodePath } from "./paths";

/**
 * Addresses on the server, relative to the address of the page, so that they
 * hold under whatever path Lyceum is served.
 */

/** Where a file of a project is downloaded from and uploaded to. */
export function fileAddress(projectId: string, path: string): string {
  return `api/projects/${encodeURIComponent(projectId)}/files/${encodePath(path)}`;
}

/**
 * Where a terminal's socket is.
 *
 * @param base the address that others are relative to (document.baseURI)
 * @param from the first byte that is wanted
 * @param room how large the window is, if that is known: the shell gets no other size meanwhile
 */
export function terminalAddress(
  base: string,
  projectId: string,
  terminalId: string,
  from: number,
  room?: { cols: number; rows: number },
): string {
  const path = `api/projects/${encodeURIComponent(projectId)}/terminals/${encodeURIComponent(terminalId)}/socket`;
  const size = room ? `&cols=${room.cols}&rows=${room.rows}` : "";
  const address = new URL(`${path}?from=${from}${size}`, base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.hash = "";
  return address.href;
}
