/** A file or a folder of a project, and maybe a line in it. */
export interface Place {
  /** From the project's home; empty is the home itself. */
  path: string;
  /** From 1. */
  line?: number;
  column?: number;
  folder: boolean;
}

/** The longest path that is believed. */
const MAX_PATH = 4096;

/** Reads a place that a project has sent. What leads out of the project, or is none, is undefined: a project is not to be trusted. */
export function parsePlace(value: unknown): Place | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const path = fields.get("path");
  if (typeof path !== "string" || path.length > MAX_PATH || /[\0\n\r]/.test(path)) return undefined;
  if (path !== "" && path.split("/").some((part) => part === "" || part === "." || part === "..")) return undefined;
  const folder = fields.get("folder") === true;
  if (path === "" && !folder) return undefined;
  const line = natural(fields.get("line"));
  const column = natural(fields.get("column"));
  return { path, folder, ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
}

function natural(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
