import { expect, test } from "vitest";
import type { ProjectUsage } from "../../wire/types.gen";
import { gaugesOf, honestly, idleWords, networkWords, pressing } from "./usage";

const MIB = 2 ** 20;
const limits = { memory_bytes: 2048 * MIB, cpus: 2, processes: 512, disk_bytes: 5120 * MIB, terminals: 10 };
const usage = (changes: Partial<ProjectUsage> = {}): ProjectUsage => ({
  project_id: "p1",
  time: 0,
  memory_bytes: 412 * MIB,
  cpus: 0.31,
  processes: 7,
  disk_bytes: 12 * MIB,
  disk_by: "quota",
  terminals: 1,
  limits,
  defaults: limits,
  bounded: true,
  network: "off",
  ...changes,
});
const texts = (of: ProjectUsage) => Object.fromEntries(gaugesOf(of).map(({ name, text }) => [name, text]));

test("what is used is said of what is allowed", () => {
  expect(texts(usage())).toEqual({
    memory: "412 MiB of 2 GiB",
    cpus: "0.3 of 2 cores",
    disk: "12 MiB of 5 GiB",
    processes: "7 of 512",
    terminals: "1 of 10",
  });
});

test("a project that does not run has its limits", () => {
  const stopped = usage({ memory_bytes: undefined, cpus: undefined, processes: undefined, terminals: undefined });
  expect(texts(stopped)).toMatchObject({ memory: "At most 2 GiB", disk: "12 MiB of 5 GiB", terminals: "At most 10" });
  expect(pressing(stopped)).toBeUndefined();
});

test("where the whole project is not bounded, nothing is said to be of a bound, and why", () => {
  const loose = usage({ bounded: false, disk_by: "polling", note: "The disk is shared." });
  expect(texts(loose)).toMatchObject({ memory: "412 MiB", cpus: "0.3 cores", processes: "7", disk: "12 MiB of 5 GiB" });
  expect(gaugesOf(loose)[0]?.part).toBeUndefined();
  expect(honestly(loose)).toEqual([
    "This server cannot bound memory, processors and processes for a whole project; 2 GiB and 512 processes are the bounds of each of its programs.",
    "The disk is measured now and then, so for a while more can be used than is allowed.",
    "The disk is shared.",
  ]);
  expect(honestly(usage())).toEqual([]);
});

test.each([
  [1600, "fine"],
  [1640, "near"],
  [2020, "full"],
  [3000, "full"],
] as const)("%d MiB of 2048 are %s", (mib, level) => {
  expect(gaugesOf(usage({ memory_bytes: mib * MIB }))[0]?.level).toBe(level);
});

test.each([
  [8, "near"],
  [9, "near"],
  [10, "full"],
] as const)("%d of 10 terminals are %s", (terminals, level) => {
  expect(gaugesOf(usage({ terminals })).at(-1)?.level).toBe(level);
});

test("the gravest is what people who work are told; busy processors are work", () => {
  expect(pressing(usage())).toBeUndefined();
  expect(pressing(usage({ cpus: 2 }))).toBeUndefined();
  expect(pressing(usage({ memory_bytes: 1700 * MIB }))?.word).toBe("Nearly full");
  expect(pressing(usage({ memory_bytes: 1700 * MIB, disk_bytes: 5120 * MIB }))?.name).toBe("disk");
});

test("network and idle time are sentences", () => {
  expect(networkWords(usage())).toBe("Off: programs reach nothing outside of the project.");
  expect(networkWords(usage({ network: "filtered", limits: { ...limits, network_allow: ["10.0.0.5:80"] } }))).toBe(
    "Filtered: programs reach the internet, but nothing that is private to this site. Allowed besides: 10.0.0.5:80.",
  );
  expect(networkWords(usage({ network: undefined, limits: { network: "filtered" } }))).toMatch(/^Filtered/);
  expect(idleWords(0)).toBe("It is never stopped for want of use.");
  expect(idleWords(7200)).toMatch(/for 2 hours\.$/);
});
