import { beforeEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { FakeServer } from "../live/FakeServer";
import type { Project, ProjectUsage } from "../wire/types.gen";
import { fakeSite, putProject } from "./fakeSite";
import { showPage, wrongForAxe } from "./showPage";

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1200, 800);
});

const MIB = 2 ** 20;
const MINUTE = 60_000;
const settings = "/projects/p1/settings";
const files = "/projects/p1/files/";
const limits = {
  memory_bytes: 2048 * MIB,
  cpus: 2,
  processes: 512,
  disk_bytes: 5120 * MIB,
  terminals: 50,
  open_files: 4096,
  network: "off",
  network_allow: [],
  idle_seconds: 7200,
} as const;

function putUsage(server: FakeServer, changes: Partial<ProjectUsage> = {}): void {
  server.put("project_usage", {
    project_id: "p1",
    time: Date.now(),
    memory_bytes: 412 * MIB,
    cpus: 0.3,
    processes: 7,
    disk_bytes: 12 * MIB,
    disk_by: "quota",
    terminals: 1,
    limits: { ...limits, network_allow: [] },
    defaults: { ...limits, network_allow: [] },
    bounded: true,
    network: "off",
    ...changes,
  });
}

/** A site whose project uses something. */
function site(project: Partial<Project> = {}, usage: Partial<ProjectUsage> = {}): FakeServer {
  const server = fakeSite(project);
  server.on("project_visits", (row) => row);
  server.put("directories", { project_id: "p1", path: "", entries: {}, cut: false, time: 0 });
  putUsage(server, usage);
  return server;
}

const visits = (server: FakeServer) => server.sets.filter(([table]) => table === "project_visits").length;
const notices = () => page.getByRole("region", { name: "Notices" });

/** Plays that the page is in a tab behind another one. */
function hide(hidden: boolean): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(hidden ? "hidden" : "visible");
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("used of allowed", () => {
  test("is shown with words and meters, and follows what is measured and allowed", async () => {
    const server = site();
    await showPage(server, settings);
    const memory = page.getByRole("meter", { name: "Memory" });
    await expect.element(memory).toHaveAttribute("aria-valuetext", "412 MiB of 2 GiB");
    await expect.element(memory).toHaveAttribute("aria-valuenow", "20");
    const card = page.getByRole("region", { name: "Resources" });
    await expect.element(card.getByText("Off: programs reach nothing outside of the project.")).toBeVisible();
    await expect.element(card.getByText("for 2 hours", { exact: false })).toBeVisible();
    putUsage(server, { limits: { ...limits, network_allow: [], memory_bytes: 4096 * MIB }, memory_bytes: 1024 * MIB });
    await expect.element(card.getByText("1 GiB of 4 GiB")).toBeVisible();
  });

  test("why the network is not as it should be stands beside it, for as long as it is so", async () => {
    const note = "The project should have a network but has none: the machine has no /dev/net/tun.";
    const server = site({ network_note: note }, { limits: { ...limits, network: "filtered", network_allow: [] } });
    await showPage(server, settings);
    const card = page.getByRole("region", { name: "Resources" });
    await expect.element(card.getByText(note, { exact: false })).toBeVisible();
    putProject(server);
    await expect.element(card.getByText(note, { exact: false })).not.toBeInTheDocument();
  });

  test("what is nearly or wholly used up says so in words, with what to do", async () => {
    await showPage(site({}, { memory_bytes: 1800 * MIB, disk_bytes: 5120 * MIB }), settings);
    const card = page.getByRole("region", { name: "Resources" });
    await expect.element(card.getByText("Nearly full")).toBeVisible();
    await expect.element(card.getByText("the largest program is ended", { exact: false })).toBeVisible();
    await expect
      .element(page.getByRole("meter", { name: "Disk" }))
      .toHaveAttribute("aria-valuetext", "5 GiB of 5 GiB, full");
    await expect.element(card.getByText("Nothing more can be saved.", { exact: false })).toBeVisible();
  });

  test("what is not bounded here is said, and has no bar", async () => {
    await showPage(site({}, { bounded: false, disk_by: "polling" }), settings);
    const list = page.getByRole("list", { name: "What is not bounded" });
    await expect.element(list.getByText("This server cannot bound memory", { exact: false })).toBeVisible();
    await expect.element(list.getByText("The disk is measured now and then", { exact: false })).toBeVisible();
    await expect.element(page.getByRole("meter", { name: "Memory" })).not.toBeInTheDocument();
    await expect.element(page.getByRole("meter", { name: "Disk" })).toBeInTheDocument();
  });

  test("where people work nothing is said while there is enough, and one word when there is not", async () => {
    const server = site();
    await showPage(server, files);
    await expect.element(page.getByRole("status", { name: "State of the project" })).toBeVisible();
    const hint = page.getByRole("link", { name: /^Memory: nearly full/ });
    await expect.element(hint).not.toBeInTheDocument();
    putUsage(server, { memory_bytes: 1700 * MIB });
    await expect.element(hint).toHaveAccessibleName("Memory: nearly full, 1.7 GiB of 2 GiB");
    await hint.click();
    await expect.element(page.getByRole("heading", { name: "Resources" })).toBeVisible();
  });

  test("nobody measures for a page that is not on screen; what was there stays", async () => {
    const server = site({}, { memory_bytes: 1700 * MIB });
    const { store } = await showPage(server, files);
    const hint = page.getByRole("link", { name: /^Memory: nearly full/ });
    await expect.element(hint).toBeVisible();
    const follow = vi.spyOn(store, "subscribe");
    hide(true);
    await expect.element(hint).toBeVisible();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(follow).not.toHaveBeenCalled();
    hide(false);
    await vi.waitFor(() => expect(follow.mock.calls.some(([query]) => query.table === "project_usage")).toBe(true));
    vi.restoreAllMocks();
  });
});

describe("notices", () => {
  test("a stop is told, and taken back when somebody stays; the keyboard is not lost with it", async () => {
    const server = site({ stops_at: Date.now() + 10 * MINUTE });
    await showPage(server, files);
    await expect.element(notices().getByText("This project will be stopped at", { exact: false })).toBeVisible();
    const keep = notices().getByRole("button", { name: "Keep it running" });
    server.on("project_visits", (row) => {
      putProject(server);
      return row;
    });
    (keep.element() as HTMLElement).focus();
    (keep.element() as HTMLElement).click(); // no pointer, no key: only the button can have told
    await expect.element(keep).not.toBeInTheDocument();
    expect(visits(server)).toBe(1);
    await vi.waitFor(() => expect(document.activeElement?.id).toBe("main"));
  });

  test("why it was stopped, and the way on", async () => {
    const server = site();
    await showPage(server, files);
    const why = "It was stopped because nobody has used it and nothing has computed in it for 2 hours.";
    await expect.element(page.getByRole("button", { name: "Stop" })).toBeVisible();
    putProject(server, { state: { state: "stopped", since: 1, error: why } });
    await expect.element(notices().getByText(why)).toBeVisible();
    await notices().getByRole("button", { name: "Start" }).click();
    await vi.waitFor(() =>
      expect(server.sets).toContainEqual([
        "projects",
        { id: "p1", action_request: { action: "start" } },
        { set: true },
      ]),
    );
  });

  test("a program that was ended is named, and put away for good", async () => {
    const out_of_memory = { program: "python3", time: Date.now() - MINUTE, memory_bytes: 2 * 2 ** 30 };
    const server = site({ out_of_memory });
    const { router } = await showPage(server, files);
    const news = notices().getByText(/^python3 was ended at .*, because the project had used its 2 GiB of memory\.$/);
    await expect.element(news).toBeVisible();
    await notices().getByRole("button", { name: "Put this notice away" }).click();
    await expect.element(news).not.toBeInTheDocument();
    await router.navigate({ to: "/projects" });
    await router.navigate({ to: "/projects/$projectId/files/$", params: { projectId: "p1", _splat: "" } });
    await expect.element(page.getByRole("button", { name: "Stop" })).toBeVisible();
    await expect.element(news).not.toBeInTheDocument();
    putProject(server, { out_of_memory: { program: "R", time: Date.now() } });
    await expect.element(notices().getByText("R was ended", { exact: false })).toBeVisible();
  });

  test("no wall of them: two at most, a full disk before a restart that can wait", async () => {
    const server = site({
      disk_full: 1,
      out_of_memory: { program: "R", time: Date.now() },
      restart_reason: "Its agent is of an older version.",
    });
    await showPage(server, files);
    await expect
      .element(notices().getByText("The disk space of this project is used up", { exact: false }))
      .toBeVisible();
    await expect.element(notices().getByText("R was ended", { exact: false })).toBeVisible();
    await expect.element(notices().getByText("Its agent is of an older version.")).not.toBeInTheDocument();
    await notices().getByRole("button", { name: "Put this notice away" }).click();
    await expect.element(notices().getByText("Its agent is of an older version.")).toBeVisible();
    await page.viewport(390, 800);
    await expect.element(notices().getByText("Its agent is of an older version.")).not.toBeInTheDocument();
  });

  test("a restart is for editors; viewers may keep it running", async () => {
    const users = { ada: { role: "viewer" as const, since: 0 }, bob: { role: "owner" as const, since: 0 } };
    const server = site({ users, restart_reason: "Its agent is of an older version.", stops_at: Date.now() + MINUTE });
    await showPage(server, files);
    const restart = notices().getByRole("button", { name: "Restart" });
    await expect.element(restart).toHaveAttribute("aria-disabled", "true");
    await expect.element(notices().getByRole("button", { name: "Keep it running" })).toBeEnabled();
    putProject(server, { restart_reason: "Its agent is of an older version." });
    await expect.element(restart).not.toHaveAttribute("aria-disabled");
    await restart.click();
    await vi.waitFor(() =>
      expect(server.sets.at(-1)).toEqual([
        "projects",
        { id: "p1", action_request: { action: "restart" } },
        { set: true },
      ]),
    );
  });
});

describe("visits", () => {
  test("are told for keys and pointers, once a minute, also inside an editor that keeps its keys", async () => {
    const server = site();
    await showPage(server, files);
    await expect.element(page.getByRole("status", { name: "State of the project" })).toBeVisible();
    expect(visits(server)).toBe(0);
    const inside = document.createElement("textarea");
    inside.addEventListener("keydown", (event) => event.stopPropagation());
    document.body.append(inside);
    inside.focus();
    await userEvent.keyboard("abc");
    inside.remove();
    expect(visits(server)).toBe(1);
    expect(server.sets.at(-1)).toEqual(["project_visits", { project_id: "p1" }, { set: true }]);
    await page.getByRole("heading", { name: "Graph theory" }).click();
    expect(visits(server)).toBe(1);
  });

  test("are not told by a page that is hidden or offline", async () => {
    const server = site();
    await showPage(server, files);
    await expect.element(page.getByRole("status", { name: "State of the project" })).toBeVisible();
    const act = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    hide(true);
    act();
    hide(false);
    server.drop();
    act();
    server.restore();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(visits(server)).toBe(0);
    act();
    await vi.waitFor(() => expect(visits(server)).toBe(1));
    vi.restoreAllMocks();
  });
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each([
    [settings, 1200],
    [settings, 390],
    [files, 1200],
    [files, 390],
  ] as const)(
    "%s at %i px with everything nearly used up has nothing that axe finds wrong, and fits",
    async (at, width) => {
      await page.viewport(width, 800);
      const server = site(
        { disk_full: 1, out_of_memory: { program: "python3", time: Date.now() }, stops_at: Date.now() + MINUTE },
        { memory_bytes: 1800 * MIB, disk_bytes: 5120 * MIB, cpus: 2, bounded: true, disk_by: "polling" },
      );
      await showPage(server, at, scheme);
      await expect.element(notices().getByText("will be stopped", { exact: false })).toBeVisible();
      await new Promise((resolve) => setTimeout(resolve, 400)); // transitions change colours
      expect(await wrongForAxe()).toEqual([]);
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
    },
  );
});
