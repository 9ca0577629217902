import { describe, expect, test } from "vitest";
import { wrongEntry } from "./allowList";
import { ALLOW, changesOf, FIELDS, insteadOf, nothingLeft, summary, textOf, wrongIn } from "./limits";
import { projectOf } from "./projectOf";

const GIB = 2 ** 30;
const field = (name: string) => {
  const found = FIELDS.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

test("a field shows what was typed, else what was chosen, and what holds instead where it is empty", () => {
  const memory = field("memory_bytes");
  expect(textOf(memory, { memory_bytes: 4 * GIB }, {})).toBe("4 GiB");
  expect(textOf(memory, { memory_bytes: 4 * GIB }, { memory_bytes: "" })).toBe("");
  expect(insteadOf(memory, { memory_bytes: 2 * GIB })).toBe("2 GiB");
  expect(insteadOf(memory, undefined)).toBe("");
  expect(insteadOf(field("idle_seconds"), { idle_seconds: 0 })).toBe("never");
});

test.each([
  ["memory_bytes", "2", "Write a size with its unit, such as 512 MiB or 2 GiB."],
  ["memory_bytes", "1 MiB", "Write a size from 64 MiB to 16 TiB."],
  ["disk_bytes", "2 TiB", undefined],
  ["cpus", "0", "Write a number over 0, at most 1024, such as 2 or 0.5."],
  ["cpus", "0,5", undefined],
  ["processes", "7", "Write a whole number from 8 to 4194304."],
  ["terminals", "2.5", "Write a whole number from 1 to 256."],
  ["idle_seconds", "90", "Write a time with its unit, such as 90 minutes or 2 hours, or never."],
  ["idle_seconds", "30 s", "Write at least 1 minute, or never."],
  ["idle_seconds", "400 days", "Write at most 366 days, or never."],
  ["idle_seconds", "Never", undefined],
  ["open_files", "", undefined],
])("%s: “%s” is answered with %s", (name, text, want) => {
  expect(wrongIn(field(name), { [name]: text })).toBe(want);
});

describe("what is saved", () => {
  const chosen = { memory_bytes: 4 * GIB, network: "filtered", network_allow: ["10.0.0.5"] } as const;
  const own = { ...chosen, network_allow: [...chosen.network_allow] };

  test("is what has changed, and null for what is as elsewhere again", () => {
    const draft = {
      memory_bytes: " 8 GiB ",
      cpus: "1.5",
      network: "",
      network_allow: "a.example.org:443\n\n 10.0.0.0/8 ",
    };
    expect(changesOf(own, draft)).toEqual({
      memory_bytes: 8 * GIB,
      cpus: 1.5,
      network: null,
      network_allow: ["a.example.org:443", "10.0.0.0/8"],
    });
  });

  test("is nothing where the same is written in other words", () => {
    const draft = { memory_bytes: "4096 mib", network_allow: "10.0.0.5\n", idle_seconds: "" };
    expect(changesOf(own, draft)).toEqual({});
  });

  test("is a list without entries for the word, which stands there then", () => {
    const allow = (text: string) => changesOf(own, { network_allow: text });
    expect(allow(" Nothing\n")).toEqual({ network_allow: [] });
    expect(allow("")).toEqual({ network_allow: null });
    expect(allow("nothing\n10.0.0.5")).toEqual({ network_allow: ["nothing", "10.0.0.5"] });
    const none = { ...own, network_allow: [] };
    expect(textOf(ALLOW, none, {})).toBe("nothing");
    expect(insteadOf(ALLOW, none)).toBe("nothing");
    expect(changesOf(none, { network_allow: "nothing" })).toEqual({});
  });

  test("is nothing while something is wrong", () => {
    expect(changesOf(own, { memory_bytes: "8 GiB", cpus: "many" })).toBeUndefined();
  });

  test("may leave nothing", () => {
    expect(nothingLeft(own, { memory_bytes: null })).toBe(false);
    expect(nothingLeft(own, { memory_bytes: null, network: null, network_allow: null })).toBe(true);
    expect(nothingLeft(own, { memory_bytes: null, network: null, network_allow: null, cpus: 1 })).toBe(false);
  });
});

test("limits are told in a line", () => {
  expect(summary({ memory_bytes: 4 * GIB, network: "filtered", network_allow: ["a", "b"], idle_seconds: 0 })).toBe(
    "Memory 4 GiB · Never stopped when idle · Network filtered · Allowed besides: a, b",
  );
});

test.each([
  "mirror.example.org",
  "mirror.example.org:443",
  "MIRROR.example.org.",
  "10.0.0.5",
  "10.0.0.5:8080",
  "10.0.0.0/8",
  "10.0.0.0/8:443",
  "fd00::1",
  "fd00::/8",
  "[fd00::/8]:443",
  "[fd00::1]",
  "localhost",
  "a_b.example.org",
])("%s is fit for an allow list", (line) => expect(wrongEntry(line)).toBe(false));

test.each([
  "https://example.org",
  "example.org/path",
  "10.0.0",
  "10.0.0.256",
  "10.0.0.0/33",
  "10.0.0.5:0",
  "10.0.0.5:65536",
  "example.org:",
  "[fd00::1",
  "fd00::/129",
  "*.example.org",
  "a b",
  "-a.example.org",
  "10.0.0.0/8/8",
])("%s is not", (line) => {
  expect(wrongEntry(line)).toBe(true);
  expect(wrongIn(ALLOW, { network_allow: `example.org\n${line}` })).toContain(`“${line}” is not understood.`);
});

test.each([
  ["https://lyceum.example.org/projects/abc123/files/", "abc123"],
  ["http://127.0.0.1:8000/lyceum/projects/abc123", "abc123"],
  [" abc123 ", "abc123"],
  ["https://example.org/other", undefined],
  ["", undefined],
  ["two words", undefined],
])("%s means the project %s", (text, want) => expect(projectOf(text)).toBe(want));
