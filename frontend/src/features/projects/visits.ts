/** Between two visits that are told: the server counts idle time in minutes. */
export const VISIT_MS = 60_000;

/**
 * Decides when a page tells that its person is there: as soon as something is
 * done, then at most once a minute, and only where it can be told now. What is
 * done offline is not told later: by then it says nothing.
 */
export class Visits {
  #last = -Infinity;

  constructor(
    private readonly o: {
      /** Whether the page is on screen and has a connection. */
      present(): boolean;
      tell(): void;
      /** A clock that nobody sets. */
      now(): number;
    },
  ) {}

  /** The person has done something. Cheap: it comes with every key. */
  acted(): void {
    const now = this.o.now();
    if (now - this.#last < VISIT_MS || !this.o.present()) return;
    this.#last = now;
    this.o.tell();
  }
}
