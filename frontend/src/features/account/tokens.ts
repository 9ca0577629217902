/** The one-time token in the part of an address behind "#", which never reaches a server's log. */
export function tokenOf(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") ?? undefined;
}

/** Where to go after signing in: only addresses of this application, never of another site. */
export function safeTarget(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) ? to : "/projects";
}
