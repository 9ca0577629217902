import { exactBinary, parseSize } from "../../lib/sizes";
import { parseSpan, span } from "../../lib/times";
import type { ProjectLimit, ProjectUsage } from "../../wire/types.gen";
import { wrongEntry } from "./allowList";

/** What a project may use; what is missing is as it is elsewhere. */
export type Limits = ProjectUsage["limits"];
export type LimitName = keyof Limits & keyof ProjectLimit;

/** All of them, as a query asks. */
export const limitsShape = {
  memory_bytes: null,
  cpus: null,
  processes: null,
  disk_bytes: null,
  terminals: null,
  open_files: null,
  network: null,
  network_allow: null,
  idle_seconds: null,
} as const;

/** What has been typed and not saved, as text. An empty text stands for "as it is elsewhere". */
export type Draft = Partial<Record<LimitName, string>>;

/** What a text stands for: a value, nothing, or a sentence why it is neither. */
type Read = { value: Limits[LimitName] } | { wrong: string };

interface Field {
  name: LimitName;
  label: string;
  description: string;
  /** A value as somebody would write it. */
  write(value: never): string;
  read(text: string): Read;
}

const MIB = 2 ** 20;
const TIB = 2 ** 40;

/** The bounds of the schema, said here so that a wrong value is told while it is typed. */
export const FIELDS: readonly Field[] = [
  size("memory_bytes", "Memory", "Of all its programs, such as 512 MiB or 2 GiB.", 64 * MIB, 16 * TIB),
  {
    name: "cpus",
    label: "Processor cores",
    description: "Used at once, such as 2 or 0.5.",
    write: (value: number) => String(value),
    read: (text) => {
      const value = /^\d+([.,]\d+)?$/.test(text) ? Number(text.replace(",", ".")) : NaN;
      return value > 0 && value <= 1024
        ? { value }
        : { wrong: "Write a number over 0, at most 1024, such as 2 or 0.5." };
    },
  },
  whole("processes", "Processes", "With their threads, of all its programs.", 8, 4_194_304),
  size("disk_bytes", "Disk", "What its files may take, such as 500 MiB or 5 GiB.", MIB, 1024 * TIB),
  whole("terminals", "Terminals", "That may be open at once.", 1, 256),
  whole("open_files", "Open files", "That each of its programs may have at once.", 64, 1_048_576),
  {
    name: "idle_seconds",
    label: "Stopped when idle for",
    description: "Such as 90 minutes, 2 hours or never.",
    write: (value: number) => (value === 0 ? "never" : span(value)),
    read: (text) => {
      if (/^(never|0)$/i.test(text)) return { value: 0 };
      const value = parseSpan(text);
      if (value === undefined) return { wrong: "Write a time with its unit, such as 90 minutes or 2 hours, or never." };
      if (value < 60) return { wrong: "Write at least 1 minute, or never." };
      return value <= 366 * 86_400 ? { value } : { wrong: "Write at most 366 days, or never." };
    },
  },
];

export const NETWORK: Field = {
  name: "network",
  label: "Network",
  description: "",
  write: (value: "off" | "filtered") => value,
  read: (text) => ({ value: text === "filtered" ? "filtered" : "off" }),
};

/** The most lines of an allow list, as the schema has it. */
const MAX_ALLOWED = 100;

/** What stands in the field for a list without entries: a host of that name is written with its domain. */
const NOTHING = "nothing";

export const ALLOW: Field = {
  name: "network_allow",
  label: "Allowed besides",
  description: "",
  write: (value: readonly string[]) => value.join("\n") || NOTHING,
  read: (text) => {
    const lines = text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
    if (lines.length === 1 && lines[0]?.toLowerCase() === NOTHING) return { value: [] };
    if (lines.length > MAX_ALLOWED)
      return { wrong: `There are ${lines.length} lines; at most ${MAX_ALLOWED} are taken.` };
    const wrong = lines.find(wrongEntry);
    return wrong === undefined
      ? { value: lines }
      : { wrong: `“${wrong}” is not understood. Write a name, an address or a network, with or without a port.` };
  },
};

const ALL: readonly Field[] = [...FIELDS, NETWORK, ALLOW];

/** What stands in the field: what was typed, else what was chosen; empty where nothing was. */
export function textOf({ name, write }: Field, chosen: Limits, draft: Draft): string {
  return draft[name] ?? written(write, chosen[name]);
}

/** What holds where the field is empty, as it would be written. */
export function insteadOf({ name, write }: Field, fallback: Limits | undefined): string {
  return written(write, fallback?.[name]);
}

function written(write: Field["write"], value: Limits[LimitName]): string {
  return value === undefined ? "" : write(value as never);
}

/** Why what was typed cannot be taken; undefined where it can. */
export function wrongIn({ name, read }: Field, draft: Draft): string | undefined {
  const text = draft[name]?.trim() ?? "";
  if (text === "") return undefined;
  const result = read(text);
  return "wrong" in result ? result.wrong : undefined;
}

/** What of the chosen limits changes: values, and null for what is as elsewhere again. Undefined while something is wrong. */
export function changesOf(chosen: Limits, draft: Draft): Partial<Record<LimitName, unknown>> | undefined {
  const changes: Partial<Record<LimitName, unknown>> = {};
  for (const field of ALL) {
    const text = draft[field.name]?.trim();
    if (text === undefined || text === textOf(field, chosen, {})) continue;
    if (text === "") {
      changes[field.name] = null;
      continue;
    }
    const result = field.read(text);
    if ("wrong" in result) return undefined;
    if (JSON.stringify(result.value) !== JSON.stringify(chosen[field.name])) changes[field.name] = result.value;
  }
  return changes;
}

/** Whether no limit is left after some changes. */
export function nothingLeft(chosen: Limits, changes: Partial<Record<LimitName, unknown>>): boolean {
  return ALL.every(({ name }) => (name in changes ? changes[name] === null : chosen[name] === undefined));
}

/** The chosen limits in a line: "Memory 4 GiB · Network filtered". */
export function summary(chosen: Limits): string {
  const words = ALL.flatMap(({ name, label, write }) => {
    const value = chosen[name];
    if (value === undefined) return [];
    if (name === "idle_seconds" && value === 0) return ["Never stopped when idle"];
    return Array.isArray(value) ? [`${label}: ${value.join(", ") || NOTHING}`] : [`${label} ${written(write, value)}`];
  });
  return words.join(" · ");
}

function size(name: LimitName, label: string, description: string, min: number, max: number): Field {
  return {
    name,
    label,
    description,
    write: (value: number) => exactBinary(value),
    read: (text) => {
      const value = parseSize(text);
      if (value === undefined) return { wrong: "Write a size with its unit, such as 512 MiB or 2 GiB." };
      return value >= min && value <= max
        ? { value }
        : { wrong: `Write a size from ${exactBinary(min)} to ${exactBinary(max)}.` };
    },
  };
}

function whole(name: LimitName, label: string, description: string, min: number, max: number): Field {
  return {
    name,
    label,
    description,
    write: (value: number) => String(value),
    read: (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? { value } : { wrong: `Write a whole number from ${min} to ${max}.` };
    },
  };
}
