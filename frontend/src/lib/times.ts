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

const SPANS = [
  { seconds: 86_400, name: "day" },
  { seconds: 3600, name: "hour" },
  { seconds: 60, name: "minute" },
  { seconds: 1, name: "second" },
] as const;

/** How long something takes, exactly: "2 hours", "90 minutes", "1 day". */
export function span(seconds: number): string {
  const unit = SPANS.find((one) => seconds >= one.seconds && seconds % one.seconds === 0) ?? SPANS[3];
  const n = seconds / unit.seconds;
  return `${n} ${unit.name}${n === 1 ? "" : "s"}`;
}

/** The seconds that somebody has written: "2 hours", "90 min", "1.5h", "1 day". Undefined if it is no time. */
export function parseSpan(text: string): number | undefined {
  const [, digits, word = ""] =
    /^(\d+(?:[.,]\d+)?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)$/i.exec(text.trim()) ?? [];
  const unit = SPANS.find(({ name }) => name[0] === word[0]?.toLowerCase());
  if (digits === undefined || !unit) return undefined;
  return Math.round(Number(digits.replace(",", ".")) * unit.seconds);
}

function count(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"} ago`;
}
