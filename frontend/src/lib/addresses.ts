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
 */
export function terminalAddress(base: string, projectId: string, terminalId: string, from: number): string {
  const path = `api/projects/${encodeURIComponent(projectId)}/terminals/${encodeURIComponent(terminalId)}/socket`;
  const address = new URL(`${path}?from=${from}`, base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.hash = "";
  return address.href;
}
