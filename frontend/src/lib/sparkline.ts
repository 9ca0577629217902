/** A value at a moment; undefined breaks the line. */
export interface Point {
  time: number;
  value: number | undefined;
}

/** The least time from left to right: a line of two points is not drawn across everything. */
const LEAST_MS = 60_000;

/**
 * The pieces of a line in a square of 100, newest at the right, from 0 at the
 * bottom to the greatest value at the top.
 */
export function pathsOf(points: readonly Point[]): string[] {
  const last = points.at(-1)?.time ?? 0;
  const span = Math.max(LEAST_MS, last - (points[0]?.time ?? 0));
  const top = Math.max(...points.map(({ value }) => value ?? 0), Number.MIN_VALUE);
  const pieces: string[][] = [[]];
  for (const { time, value } of points) {
    if (value === undefined) {
      pieces.push([]);
      continue;
    }
    const x = 100 - ((last - time) / span) * 100;
    const y = 100 - (value / top) * 100;
    pieces.at(-1)?.push(`${round(x)} ${round(y)}`);
  }
  // A piece of one point is drawn as a dot, by a line to itself.
  return pieces
    .filter((piece) => piece.length > 0)
    .map((piece) => `M${piece.join("L")}${piece.length === 1 ? "h0" : ""}`);
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
