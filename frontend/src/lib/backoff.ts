/** The first wait before something is tried again. */
const FIRST_MS = 500;

/** The longest wait: a person who sees "offline" should not wait much longer than this after the network is back. */
const LONGEST_MS = 20_000;

/**
 * How long to wait before attempt number `attempt` (0 for the first repetition),
 * in milliseconds: doubling, bounded, and spread by chance over its upper half
 * so that a restarted server does not meet all its browsers at one moment.
 *
 * @param chance in [0, 1), as from Math.random
 */
export function backoff(attempt: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + chance / 2));
}
