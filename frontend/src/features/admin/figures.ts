/** How often something happens in a second, for people: "0", "under 0.1", "3.4", "1,250"; "–" where nobody knows yet. */
export function rate(n: number | undefined): string {
  if (n === undefined) return UNKNOWN;
  if (n > 0 && n < 0.1) return "under 0.1";
  return n < 10 ? trimmed(n) : count(n);
}

/** A whole number with its thousands apart. */
export function count(n: number): string {
  return Math.round(n).toLocaleString("en");
}

/** How long something takes, for people: "0.4 ms", "12 ms", "1.2 s". */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  if (ms < 0.01) return "under 0.01 ms";
  if (ms < 1) return `${Number(ms.toPrecision(1))} ms`;
  if (ms < 10) return `${trimmed(ms)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return `${ms < 9950 ? trimmed(ms / 1000) : count(ms / 1000)} s`;
}

/** A part of a whole: "3 %". */
export function percent(part: number | undefined): string {
  if (part === undefined) return UNKNOWN;
  return part > 0 && part < 0.01 ? "under 1 %" : `${Math.round(part * 100)} %`;
}

/** A number of things: "1 tab", "2 tabs". */
export function some(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** How long the server has been there: "4 minutes", "3 hours", "12 days". */
export function upFor(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return some(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? some(hours, "hour") : some(Math.floor(hours / 24), "day");
}

/** Instead of a figure that there is none of: nothing has happened, or it is too early. */
const UNKNOWN = "–";

function trimmed(n: number): string {
  return String(Number(n.toFixed(1)));
}
