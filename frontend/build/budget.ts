import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** What the manifest of Vite says of one chunk, as far as it is needed here. */
export interface Chunk {
  file: string;
  css?: readonly string[];
  imports?: readonly string[];
}

export type Manifest = Readonly<Record<string, Chunk>>;

/** One line of the budget: what loads when somebody comes to `pages`, beyond what `above` has loaded before. */
export interface Budget {
  name: string;
  pages: readonly string[];
  above?: readonly string[];
  /** In KiB after gzip. */
  limit: number;
}

/** How much a budget may be exceeded before the build fails: a new version of a library is no failure, a new library is one. */
const TOLERANCE = 1.05;

/** The files that loading the entries fetches, each once. */
export function filesOf(manifest: Manifest, entries: readonly string[]): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    const chunk = manifest[name];
    if (!chunk) throw new Error(`The manifest has no ${name}; is its name in the budget still right?`);
    files.add(chunk.file);
    chunk.css?.forEach((file) => files.add(file));
    chunk.imports?.forEach(visit);
  };
  entries.forEach(visit);
  return files;
}

export interface Line {
  name: string;
  kib: number;
  limit: number;
  over: boolean;
}

/** Each budget against what it costs; size gives the bytes of a file after gzip. */
export function check(manifest: Manifest, budgets: readonly Budget[], size: (file: string) => number): Line[] {
  return budgets.map(({ name, pages, above, limit }) => {
    const before = above ? filesOf(manifest, above) : new Set<string>();
    let bytes = 0;
    for (const file of filesOf(manifest, pages)) if (!before.has(file)) bytes += size(file);
    const kib = bytes / 1024;
    return { name, kib, limit, over: kib > limit * TOLERANCE };
  });
}

/** The bytes that a browser fetches for a file of the build. */
export function gzipSize(folder: string): (file: string) => number {
  return (file) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).byteLength;
}
