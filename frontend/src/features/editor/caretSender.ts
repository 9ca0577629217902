/** Others see a caret move at most this often; ten times a second looks like moving. */
const EVERY_MS = 100;

/**
 * Tells others where this tab's caret is: at once when it has stood still, else
 * the newest place after a pause. What cannot be sent is dropped, for the next
 * place makes it meaningless.
 */
export class CaretSender {
  private newest: Uint8Array | undefined;
  private cancel: (() => void) | undefined;
  private unsent = false;
  private here = false;

  constructor(
    private readonly send: (position: Uint8Array | undefined) => void,
    private readonly after: (ms: number, fn: () => void) => () => void,
  ) {}

  /** Says that this tab is here, and again where: after a reconnection. */
  enter(): void {
    this.here = true;
    this.send(this.newest);
  }

  /** Says nothing more until the next `enter`. */
  leave(): void {
    this.here = false;
    this.cancel?.();
    this.cancel = undefined;
  }

  move(position: Uint8Array): void {
    this.newest = position;
    if (!this.here) return;
    if (this.cancel) {
      this.unsent = true;
      return;
    }
    this.send(position);
    this.unsent = false;
    this.cancel = this.after(EVERY_MS, () => {
      this.cancel = undefined;
      if (this.unsent && this.newest) this.move(this.newest);
    });
  }
}
