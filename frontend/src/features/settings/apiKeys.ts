import type { ApiKey } from "../../wire/types.gen";

/** The choices of how long a key lasts, in days; "" is for ever. */
export const LIVES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "", label: "Until I revoke it" },
] as const;

export type Life = (typeof LIVES)[number]["value"];

const DAY_MS = 24 * 60 * 60 * 1000;

/** When a key ends that is made now. */
export function endOf(life: Life, now: number): number | undefined {
  return life === "" ? undefined : now + Number(life) * DAY_MS;
}

/** What a key reaches. titles are those of the projects that one is in. */
export function reachOf(key: Pick<ApiKey, "scope" | "project_id">, titles: ReadonlyMap<string, string>): string {
  if (key.scope === "all") return "Everything";
  const title = key.project_id === undefined ? undefined : titles.get(key.project_id);
  return title === undefined ? "A project that you are not in" : `Only ${title}`;
}

export function hasExpired(key: Pick<ApiKey, "expires">, now: number): boolean {
  return key.expires !== undefined && key.expires <= now;
}

/** A command that asks for the titles of projects, to be tried in a shell. */
export function curlExample(url: string, key: string): string {
  const query = JSON.stringify({ query: { projects: [{ title: null }] } });
  return `curl ${url} -H "Authorization: Bearer ${key}" -d '${query}'`;
}
