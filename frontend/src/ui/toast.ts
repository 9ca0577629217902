/** Short messages over the page, told from anywhere; Toasts shows them. */

export interface Toast {
  id: number;
  kind: "done" | "failed";
  sentence: string;
}

/** The most messages at once; older ones make room. */
const MAX_TOASTS = 4;

/** How long a good message stays; a failure stays until it is closed. */
const DONE_MS = 5000;

let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

/** Says that something is done. */
export function tell(sentence: string): void {
  const id = add("done", sentence);
  setTimeout(() => dismiss(id), DONE_MS);
}

/** Says why something did not work: the server's sentence, as it is. */
export function fail(sentence: string): void {
  add("failed", sentence);
}

export function dismiss(id: number): void {
  change(toasts.filter((toast) => toast.id !== id));
}

export function currentToasts(): readonly Toast[] {
  return toasts;
}

export function onToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function add(kind: Toast["kind"], sentence: string): number {
  const id = next++;
  change([...toasts, { id, kind, sentence }].slice(-MAX_TOASTS));
  return id;
}

function change(to: readonly Toast[]): void {
  toasts = to;
  for (const listener of listeners) listener();
}
