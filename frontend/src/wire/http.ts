import type { WireError } from "./types.gen";

/** The path below which everything of this server is, with a slash at both ends: the server writes it into the page. */
export function basePath(): string {
  return document.querySelector("base")?.getAttribute("href") ?? "/";
}

/** The address of the socket of the tables. */
export function socketURL(): string {
  const url = new URL(`${basePath()}ws`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** Where a stream of the tables is opened, if there is no WebSocket. */
export function streamURL(): string {
  return `${basePath()}api/tables`;
}

/** What the server always answers. */
export function healthURL(): string {
  return `${basePath()}healthz`;
}

/** A link that the server gives relative to the base path, as somebody else can open it. */
export function absoluteLink(link: string): string {
  return new URL(link, new URL(basePath(), location.href)).href;
}

/** Sends what is no row (signing in and out) and gives the answer. Rejects with a WireError. */
export async function post(path: string, body: Record<string, unknown>): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(basePath() + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw unreachable;
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw isError(answer) ? answer : unreachable;
  return answer;
}

const unreachable: WireError = {
  kind: "unavailable",
  message: "The server cannot be reached. Please check the connection and try again.",
};

function isError(answer: unknown): answer is WireError {
  return typeof answer === "object" && answer !== null && "kind" in answer && "message" in answer;
}
