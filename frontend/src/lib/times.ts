const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago a moment was, for people: "just now", "5 minutes ago", "yesterday", "12 March", "12 March 2024". */
export function ago(time: number, now: number, locale = "en"): string {
  const past = now - time;
  if (past < 45_000) return "just now"; // also a clock that is a little ahead of ours
  if (past < HOUR) return count(Math.max(1, Math.round(past / MINUTE)), "minute");
  if (past < DAY) return count(Math.max(1, Math.floor(past / HOUR)), "hour");
  if (past < 2 * DAY) return "yesterday";
  if (past < 7 * DAY) return count(Math.floor(past / DAY), "day");
  const sameYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(time);
}

/** A moment exactly, for people. */
export function exactly(time: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }).format(time);
}

/** The time of day: "14:05". */
export function clock(time: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(time);
}

function count(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"} ago`;
}
