import { clock } from "../../lib/times";
import { formatBinary } from "../../lib/sizes";
import type { Project } from "../../wire/types.gen";

/** For how long it is news that a program was ended: who comes later has not lost it while looking. */
const FRESH_MS = 15 * 60_000;

/** What can be done about a notice. */
export type Remedy = "start" | "restart" | "keep";

/** Something that everybody who has the project open should know. */
export interface News {
  /** Tells one event from another: who has put this one away sees the next. */
  id: string;
  kind: "warn" | "failed" | "info";
  sentence: string;
  remedy?: Remedy;
  /** It can be put away. What still goes on cannot. */
  passing: boolean;
}

/** What there is to say about a project, the gravest first. */
export function newsOf(project: Project, now: number): News[] {
  const { state } = project.state;
  if (state === "archived") return []; // that is said in a place of its own
  if (state === "stopped") {
    const { error, since } = project.state;
    // Who has stopped it by hand knows why; the header says that it does not run.
    if (error === undefined) return full(project);
    const stopped: News = { id: `stopped ${since}`, kind: "warn", sentence: error, remedy: "start", passing: true };
    return [stopped, ...full(project)];
  }
  if (state !== "running") return [];
  return [...stopping(project), ...full(project), ...ended(project, now), ...stale(project)];
}

function stopping({ stops_at }: Project): News[] {
  if (stops_at === undefined) return [];
  const sentence = `This project will be stopped at ${clock(stops_at)}, because nobody uses it.`;
  return [{ id: "stops", kind: "warn", sentence, remedy: "keep", passing: false }];
}

function full({ disk_full }: Project): News[] {
  if (disk_full === undefined) return [];
  const sentence =
    "The disk space of this project is used up: nothing more can be saved. Delete what you do not need; what you type meanwhile is kept.";
  return [{ id: "disk", kind: "failed", sentence, passing: false }];
}

function ended({ out_of_memory }: Project, now: number): News[] {
  if (!out_of_memory || now - out_of_memory.time > FRESH_MS) return [];
  const { program = "A program", time, memory_bytes } = out_of_memory;
  const all = memory_bytes === undefined ? "all its memory" : `its ${formatBinary(memory_bytes)} of memory`;
  const sentence = `${program} was ended at ${clock(time)}, because the project had used ${all}.`;
  return [{ id: `memory ${time}`, kind: "warn", sentence, passing: true }];
}

function stale({ restart_reason, state }: Project): News[] {
  if (restart_reason === undefined) return [];
  const id = `restart ${state.since} ${restart_reason}`;
  return [{ id, kind: "info", sentence: restart_reason, remedy: "restart", passing: true }];
}

/** What of it is shown: what was not put away, and no more at once than leaves room to work. */
export function shownNews(all: readonly News[], away: ReadonlySet<string>, narrow: boolean): News[] {
  return all.filter(({ id, passing }) => !passing || !away.has(id)).slice(0, narrow ? 1 : 2);
}
