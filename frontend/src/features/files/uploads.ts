import { join } from "../../lib/paths";

/** How many files are on their way at once: enough to fill a line with small ones, few enough to stay in order. */
const AT_ONCE = 3;

/** One file on its way to the project; a new object after every change. */
export interface Upload {
  id: number;
  path: string;
  size: number;
  /** Bytes that have left. */
  sent: number;
  state:
    | { is: "waiting" }
    | { is: "sending" }
    /** There is such a file already: replace it? */
    | { is: "exists"; message: string }
    | { is: "failed"; message: string }
    | { is: "done" };
}

/** How a file goes to the server; the real one is `putFile`, tests have another. */
export type Put = (
  path: string,
  file: File,
  options: { overwrite: boolean; onProgress(sent: number): void; signal: AbortSignal },
) => Promise<PutResult>;

export type PutResult = { is: "done" } | { is: "exists"; message: string } | { is: "failed"; message: string };

interface Job {
  view: Upload;
  file: File;
  overwrite: boolean;
  abort: AbortController;
}

/** The uploads of one tab into one project, a few at a time. Lives outside React; read with useSyncExternalStore. */
export class Uploads {
  private jobs: Job[] = [];
  private list: readonly Upload[] = [];
  private readonly listeners = new Set<() => void>();
  private count = 0;

  constructor(private readonly put: Put) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  view = (): readonly Upload[] => this.list;

  /** Sends files into a folder; tells the paths of those that have arrived when none is on its way any more. */
  add(folder: string, files: Iterable<File>): Promise<readonly string[]> {
    const mine = new Set<number>();

    for (const file of files) {
      // A dropped folder gives its files paths below it.
      const path = join(folder, file.webkitRelativePath || file.name);
      const view: Upload = { id: ++this.count, path, size: file.size, sent: 0, state: { is: "waiting" } };
      this.jobs.push({ view, file, overwrite: false, abort: new AbortController() });
      mine.add(view.id);
    }
    this.next();
    return this.ended(mine);
  }

  private ended(mine: ReadonlySet<number>): Promise<readonly string[]> {
    const arrived = new Map<number, string>();
    return new Promise((resolve) => {
      const look = () => {
        const own = this.list.filter(({ id }) => mine.has(id));
        for (const { id, path, state } of own) if (state.is === "done") arrived.set(id, path);
        if (own.some(({ state }) => state.is !== "done" && state.is !== "failed")) return;
        stop();
        resolve([...arrived.values()]);
      };
      const stop = this.subscribe(look);
      look();
    });
  }

  /** Answers the question whether to replace what is there. */
  replace(id: number): void {
    const job = this.jobs.find((one) => one.view.id === id);
    if (job?.view.state.is !== "exists") return;
    job.overwrite = true;
    this.change(job, { sent: 0, state: { is: "waiting" } });
    this.next();
  }

  /** Breaks off what is on its way, and forgets it. */
  cancel(id: number): void {
    const job = this.jobs.find((one) => one.view.id === id);
    if (!job) return;
    this.jobs = this.jobs.filter((one) => one !== job);
    job.abort.abort();
    this.show();
    this.next();
  }

  /** Forgets what is done. */
  clear(): void {
    this.jobs = this.jobs.filter((job) => job.view.state.is !== "done");
    this.show();
  }

  /** Breaks off everything. */
  close(): void {
    for (const job of this.jobs) job.abort.abort();
    this.jobs = [];
    this.show();
  }

  private next(): void {
    this.show();
    const sending = this.jobs.filter((job) => job.view.state.is === "sending").length;
    const waiting = this.jobs.filter((job) => job.view.state.is === "waiting");
    for (const job of waiting.slice(0, Math.max(0, AT_ONCE - sending))) void this.send(job);
  }

  private async send(job: Job): Promise<void> {
    this.change(job, { state: { is: "sending" } });
    const { file, overwrite, abort } = job;
    const state = await this.put(job.view.path, file, {
      overwrite,
      onProgress: (sent) => this.change(job, { sent: Math.min(sent, file.size) }),
      signal: abort.signal,
    });
    this.change(job, { state, sent: state.is === "done" ? file.size : job.view.sent });
    this.next();
  }

  private change(job: Job, change: Partial<Upload>): void {
    job.view = { ...job.view, ...change };
    this.show();
  }

  private show(): void {
    this.list = this.jobs.map((job) => job.view);
    for (const listener of this.listeners) listener();
  }
}

/** Puts files at an address made of base and the path; progress comes from XMLHttpRequest, as fetch has none for what leaves. */
export function putFile(addressOf: (path: string) => string): Put {
  return (path, file, { overwrite, onProgress, signal }) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("PUT", addressOf(path) + (overwrite ? "?overwrite=1" : ""));
      request.upload.onprogress = ({ loaded }) => onProgress(loaded);
      request.onload = () => resolve(resultOf(request.status, request.responseText));
      request.onerror = () => resolve({ is: "failed", message: "The connection was lost. Please try again." });
      request.onabort = () => resolve({ is: "failed", message: "This upload was cancelled." });
      signal.addEventListener("abort", () => request.abort());
      request.send(file);
    });
}

/** What an answer of the server means. */
export function resultOf(status: number, body: string): PutResult {
  if (status >= 200 && status < 300) return { is: "done" };
  const message = messageOf(body) ?? `The server did not take this file (status ${status}).`;
  return { is: status === 409 ? "exists" : "failed", message };
}

function messageOf(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed && typeof parsed.message === "string") {
      return parsed.message;
    }
  } catch {
    // A proxy's page is no sentence for a person.
  }
  return undefined;
}
