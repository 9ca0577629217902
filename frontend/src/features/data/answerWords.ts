import type { RunState } from "./run";

/** The figures of an answer in a line: "12 rows · 3 changes · 41 ms · position 17". */
export function words(run: Extract<RunState, { answers: unknown }>): string {
  const rows = run.answers.reduce((sum, answer) => sum + answer.rows.length, 0);
  const position = run.answers.length === 1 ? run.answers[0]?.position : undefined;
  return [
    count(rows, "row"),
    ...(run.watched ? [count(run.watched.changes, "change")] : []),
    `${Math.max(1, Math.round(run.tookMs))} ms`,
    ...(position ? [`position ${position.n}`] : []),
  ].join(" · ");
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
