import { exactBinary, formatBinary } from "../../lib/sizes";
import { span } from "../../lib/times";
import type { ProjectUsage } from "../../wire/types.gen";

/** From this part on something is said about it: there is still time to act. */
const NEAR = 0.8;

/** A measurement lags behind: what is that near to its end is as good as used up. */
const FULL = 0.98;

export type Level = "fine" | "near" | "full";

/** One thing that a project uses of what it may. */
export interface Gauge {
  name: "memory" | "cpus" | "disk" | "processes" | "terminals";
  label: string;
  text: string;
  part: number | undefined;
  level: Level;
  word: string | undefined;
  advice: string | undefined;
}

const ADVICE: Record<Gauge["name"], Record<"near" | "full", string>> = {
  memory: {
    near: "When it is used up, the largest program is ended. End what you do not need, or restart the project.",
    full: "The largest program is ended if it needs more. End what you do not need, or restart the project.",
  },
  cpus: {
    near: "Programs run slower when all is used; nothing is lost.",
    full: "Programs wait for each other and run slower; nothing is lost.",
  },
  disk: {
    near: "Delete what you do not need any more before it is full.",
    full: "Nothing more can be saved. Delete what you do not need; what you type meanwhile is kept.",
  },
  processes: {
    near: "When it is used up, no more programs start. End what you do not need.",
    full: "No more programs start. End what you do not need, or restart the project.",
  },
  terminals: {
    near: "When they are used up, no more can be opened. Close those that you do not need.",
    full: "No more can be opened. Close those that you do not need.",
  },
};

/** What a project uses of what it may, in the order in which people ask for it. */
export function gaugesOf(usage: ProjectUsage): Gauge[] {
  const { limits } = usage;
  // Where nothing counts for the whole project, its bounds of memory and processes are for each program.
  const whole = usage.bounded;
  return [
    gauge("memory", "Memory", usage.memory_bytes, whole ? limits.memory_bytes : undefined, formatBinary),
    gauge("cpus", "Processor", usage.cpus, whole ? limits.cpus : undefined, cores, rounded),
    gauge("disk", "Disk", usage.disk_bytes, limits.disk_bytes, formatBinary),
    gauge("processes", "Processes", usage.processes, whole ? limits.processes : undefined, String),
    gauge("terminals", "Terminals", usage.terminals, limits.terminals, String),
  ];
}

function gauge(
  name: Gauge["name"],
  label: string,
  used: number | undefined,
  limit: number | undefined,
  words: (n: number) => string,
  usedWords = words,
): Gauge {
  const part = used === undefined || !limit ? undefined : used / limit;
  const level = levelOf(name, part);
  return {
    name,
    label,
    part,
    level,
    text: textOf(used, limit, words, usedWords),
    word: level === "fine" ? undefined : WORDS[name][level],
    advice: level === "fine" ? undefined : ADVICE[name][level],
  };
}

const ENDS = { near: "Nearly full", full: "Full" };
const COUNTS = { near: "Nearly all used", full: "All used" };
const WORDS: Record<Gauge["name"], Record<"near" | "full", string>> = {
  memory: ENDS,
  disk: ENDS,
  cpus: COUNTS,
  processes: COUNTS,
  terminals: COUNTS,
};

/** Processors are there to be used: only all of them is worth a word. */
function levelOf(name: Gauge["name"], part: number | undefined): Level {
  if (part === undefined || part < NEAR) return "fine";
  if (name === "terminals" || name === "processes") return part >= 1 ? "full" : "near";
  if (part >= FULL) return "full";
  return name === "cpus" ? "fine" : "near";
}

/** usedWords: how what is used is said before what may be. */
function textOf(
  used: number | undefined,
  limit: number | undefined,
  words: (n: number) => string,
  usedWords: (n: number) => string,
): string {
  if (used === undefined) return limit ? `At most ${words(limit)}` : "Not known";
  return limit ? `${usedWords(used)} of ${words(limit)}` : words(used);
}

function rounded(n: number): string {
  return String(Number(n.toFixed(n < 10 ? 1 : 0)));
}

function cores(n: number): string {
  return rounded(n) === "1" ? "1 core" : `${rounded(n)} cores`;
}

/** The one thing that people who work should know of now; the gravest first. Busy processors are none: that is work. */
export function pressing(usage: ProjectUsage): Gauge | undefined {
  const gauges = gaugesOf(usage).filter(({ name }) => name !== "cpus");
  return gauges.find(({ level }) => level === "full") ?? gauges.find(({ level }) => level === "near");
}

/** What of its limits a project does not have for sure, as sentences. */
export function honestly(usage: ProjectUsage): string[] {
  const { limits, bounded, disk_by, note } = usage;
  const sentences: string[] = [];
  if (!bounded) {
    const each = [
      limits.memory_bytes === undefined ? undefined : exactBinary(limits.memory_bytes),
      limits.processes === undefined ? undefined : `${limits.processes} processes`,
    ].filter((one) => one !== undefined);
    sentences.push(
      "This server cannot bound memory, processors and processes for a whole project" +
        (each.length > 0 ? `; ${each.join(" and ")} are the bounds of each of its programs.` : "."),
    );
  }
  if (disk_by === "polling") {
    sentences.push("The disk is measured now and then, so for a while more can be used than is allowed.");
  }
  if (note !== undefined) sentences.push(note);
  return sentences;
}

/** What a project has of the network, as a sentence. */
export function networkWords({ network, limits }: ProjectUsage): string {
  if ((network ?? limits.network ?? "off") === "off") return "Off: programs reach nothing outside of the project.";
  const list = limits.network_allow ?? [];
  const more = list.length > 0 ? ` Allowed besides: ${list.join(", ")}.` : "";
  return `Filtered: programs reach the internet, but nothing that is private to this site.${more}`;
}

/** When a project is stopped because nobody uses it, as a sentence. */
export function idleWords(seconds: number | undefined): string {
  if (seconds === undefined) return "Not known.";
  if (seconds === 0) return "It is never stopped for want of use.";
  return `It is stopped when nobody has used it and nothing has computed for ${span(seconds)}.`;
}
