/** How far back a page remembers: what a person sees coming. */
export const SPAN_MS = 5 * 60_000;

/** What a page remembers with one more at the end. What is of another order of time, as after a clock was set, goes. */
export function remember<S extends { time: number }>(samples: readonly S[], next: S): S[] {
  return [...samples.filter(({ time }) => time < next.time && time > next.time - SPAN_MS), next];
}
