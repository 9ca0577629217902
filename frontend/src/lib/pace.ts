/** Values that follow each other faster than a person can see, shown one after the other. Pure. */
export interface Pace<T> {
  /** What is shown, and what comes after it. */
  queue: readonly [T, ...T[]];
  /** What is shown has not been so for long enough yet. */
  held: boolean;
}

/** The most values that wait; of more, those in the middle are left out. */
const MAX_WAITING = 6;

export function pace<T>(value: T): Pace<T> {
  return { queue: [value], held: false };
}

/** After the value has become another one; the same object if it has not. */
export function push<T>(before: Pace<T>, value: T): Pace<T> {
  if (before.queue.at(-1) === value) return before;
  if (!before.held) return { queue: [value], held: true };
  const [shown, ...rest] = before.queue;
  return { queue: [shown, ...rest.slice(0, MAX_WAITING - 1), value], held: true };
}

/** After what is shown has been so for long enough. */
export function tick<T>({ queue: [shown, next, ...rest] }: Pace<T>): Pace<T> {
  return next === undefined ? { queue: [shown], held: false } : { queue: [next, ...rest], held: true };
}
