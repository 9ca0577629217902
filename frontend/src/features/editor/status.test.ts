import { describe, expect, test } from "vitest";
import type { SessionView } from "./session";
import { gone, statusOf } from "./status";

const open: SessionView = {
  phase: "open",
  readOnly: false,
  synced: true,
  pending: 0,
  progress: 0,
  unkept: false,
  seq: 7,
  leftovers: [],
};
const saved = { saved: { seq: 7 }, dirty: false };

describe("D7 the state of saving is shown as it is", () => {
  test.each([
    ["all on disk", open, true, saved, "Saved"],
    ["a patch above the saved one", { ...open, seq: 8 }, true, saved, "Saving…"],
    ["never saved yet", open, true, { dirty: true }, "Saving…"],
    ["the disk is full", open, true, { ...saved, dirty: true, error: "The disk is full." }, "Not saved"],
    ["on its way to the server", { ...open, pending: 3 }, true, saved, "Not sent (3)"],
    ["offline, nothing typed", { ...open, synced: false }, false, saved, "Offline"],
    ["offline, one typed", { ...open, pending: 1 }, false, saved, "Offline — 1 change kept in this browser"],
    ["offline, three typed", { ...open, pending: 3 }, false, saved, "Offline — 3 changes kept in this browser"],
    ["asking for the state", { ...open, synced: false }, true, saved, "Connecting…"],
    ["nothing known of the file", open, true, null, "Connecting…"],
    ["refused", { ...open, phase: "refused" as const }, true, saved, "Not sent"],
  ])("%s", (_, view, connected, file, want) => {
    expect(statusOf(view, connected, true, file).text).toBe(want);
  });

  test("what is just on its way is a part of saving", () => {
    expect(statusOf({ ...open, pending: 1 }, true, false, saved).text).toBe("Saving…");
  });

  test("what the browser could not keep is said before anything else", () => {
    const { kind, text } = statusOf({ ...open, pending: 2, unkept: true }, false, false, saved);
    expect(kind).toBe("bad");
    expect(text).toMatch(/2 changes only in this tab/);
  });
});

test("D8 a deleted or replaced file is told from one that only could not be saved", () => {
  expect(gone({ disk: { state: "deleted" } })).toBe(true);
  expect(gone({ disk: { state: "ok" }, error: "The disk is full." })).toBe(false);
  expect(gone({})).toBe(false);
  expect(gone(null)).toBe(false);
});
