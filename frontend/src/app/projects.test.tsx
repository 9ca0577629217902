import { beforeEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { WireError } from "../wire/types.gen";
import { fakeSite, putProject, setsOf } from "./fakeSite";
import { showPage, wrongForAxe } from "./showPage";

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1200, 800);
});

const titles = () =>
  Array.from(document.querySelectorAll('[aria-label="Projects"] > li a'), (link) => link.textContent);

test("projects are listed, found by their words, and kept while offline", async () => {
  const server = fakeSite();
  putProject(server, { id: "p2", title: "Thesis", description: "", last_edited: 1 });
  putProject(server, { id: "p3", title: "Old", last_edited: 0, state: { state: "archived", since: 0 } });
  await showPage(server, "/projects");
  await expect.element(page.getByRole("link", { name: "Thesis" })).toBeVisible();
  expect(titles()).toEqual(["Graph theory", "Thesis"]);

  await page.getByLabelText("Search projects").fill("EXERC");
  expect(titles()).toEqual(["Graph theory"]);
  await page.getByLabelText("Search projects").fill("");
  await page.getByLabelText("Which projects").selectOptions("archived");
  expect(titles()).toEqual(["Old"]);
  await page.getByLabelText("Which projects").selectOptions("active");

  server.drop();
  await expect.element(page.getByText(/^The server cannot be reached/)).toBeVisible();
  expect(titles()).toEqual(["Graph theory", "Thesis"]);
  server.restore();
  await expect.element(page.getByText(/^The server cannot be reached/)).not.toBeInTheDocument();
});

test("without projects one is told what to do first; the dialog takes the focus, makes one and opens it", async () => {
  const server = fakeSite();
  server.remove("projects", { id: "p1" });
  const { router } = await showPage(server, "/projects");
  await page.getByRole("button", { name: "New project" }).click();
  await expect.element(page.getByLabelText("Title")).toHaveFocus();
  server.on("projects", (row) => {
    putProject(server, { ...row, id: "new1" });
    return { ...row, id: "new1" };
  });
  await page.getByLabelText("Title").fill("  Numbers ");
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(router.state.location.pathname).toMatch(/^\/projects\/new1\/files/));
  expect(server.sets[0]).toEqual(["projects", { id: "new", title: "Numbers", description: "" }, { set: true }]);
});

test("a dialog is left with Escape, and the focus is where it was", async () => {
  await showPage(fakeSite(), "/projects");
  const button = page.getByRole("button", { name: "New project" });
  await button.click();
  await expect.element(page.getByLabelText("Title")).toHaveFocus();
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
  await expect.element(button).toHaveFocus();
});

test("demo 5: a restart asked for by Bob is seen step by step, with who asked", async () => {
  const server = fakeSite();
  await showPage(server, "/projects/p1/files/");
  const status = page.getByRole("status", { name: "State of the project" });
  await expect.element(status).toHaveTextContent("Running");
  const asked = { action: "restart" as const, account_id: "bob", time: Date.now(), started: Date.now() };
  // As fast as a server does it.
  for (const state of ["stopping", "starting"] as const) {
    putProject(server, { action_request: asked, state: { state, since: Date.now() } });
    await new Promise((resolve) => setTimeout(resolve)); // the next message of a socket is a task of its own
  }
  putProject(server, {
    action_request: { ...asked, finished: Date.now() },
    state: { state: "running", since: Date.now() },
  });
  await expect.element(status).toHaveTextContent("Stopping");
  await expect.element(status).toHaveTextContent("Starting");
  await expect.element(status).toHaveTextContent("Running");
  putProject(server, { action_request: asked, state: { state: "stopping", since: Date.now() } });
  await expect.element(status).toHaveTextContent("Bob Noyce asked to restart it");
});

test("opening a stopped project starts it, once; stopping it while it is open does not start it again", async () => {
  const server = fakeSite({ state: { state: "stopped", since: 0 } });
  await showPage(server, "/projects/p1/files/");
  await vi.waitFor(() =>
    expect(server.sets).toContainEqual(["projects", { id: "p1", action_request: { action: "start" } }, { set: true }]),
  );
  putProject(server);
  await page.getByRole("button", { name: "Stop" }).click();
  putProject(server, { state: { state: "stopped", since: 1 } });
  await expect.element(page.getByRole("button", { name: "Start" })).toBeVisible();
  expect(server.sets.filter(([table]) => table === "projects")).toHaveLength(2);
});

test("a viewer sees what is not allowed, with the reason, and it does nothing", async () => {
  const server = fakeSite({ users: { ada: { role: "viewer" }, bob: { role: "owner" } } });
  await showPage(server, "/projects/p1/files/");
  const stop = page.getByRole("button", { name: "Stop" });
  await expect.element(stop).toHaveAttribute("aria-disabled", "true");
  await expect.element(stop).toHaveAccessibleDescription("Viewers can only look. Ask an owner to make you an editor.");
  (stop.element() as HTMLElement).click();
  expect(server.sets).toEqual([]);
});

test("who is removed while looking sees nothing more of it", async () => {
  const server = fakeSite();
  await showPage(server, "/projects/p1/settings");
  await expect.element(page.getByRole("heading", { name: "Project settings" })).toBeVisible();
  server.remove("projects", { id: "p1" });
  await expect.element(page.getByText("This project is not open to you")).toBeVisible();
  await expect.element(page.getByText("Slides and exercises.")).not.toBeInTheDocument();
});

test("tabs are addresses, are kept, split and close", async () => {
  const server = fakeSite();
  server.put("terminals", { id: "t1", project_id: "p1", title: "Build", account_id: "ada", created: 0 });
  const { router } = await showPage(server, "/projects/p1/edit/a%20b/notes.md");
  const at = () => router.state.location.pathname;
  const tabs = page.getByRole("navigation", { name: "Open tabs" });
  await expect.element(tabs.getByRole("link", { name: "notes.md" })).toHaveAttribute("aria-current", "page");
  await router.navigate({ to: "/projects/$projectId/edit/$", params: { projectId: "p1", _splat: "q?#%.py" } });
  await expect.element(tabs.getByRole("link", { name: "q?#%.py" })).toHaveAttribute("aria-current", "page");
  await tabs.getByRole("link", { name: "notes.md" }).click();
  expect(decodeURIComponent(at())).toBe("/projects/p1/edit/a b/notes.md");

  await page.getByRole("button", { name: "Arrange tabs" }).click();
  await page.getByRole("menuitem", { name: "Split to the right" }).click();
  await vi.waitFor(() => expect(document.querySelectorAll('[aria-label^="Open tabs of frame "]')).toHaveLength(2));
  await page.getByRole("button", { name: "Close notes.md" }).click();
  await vi.waitFor(() => expect(document.querySelectorAll('[aria-label="Open tabs"]')).toHaveLength(1));
  expect(decodeURIComponent(at())).toBe("/projects/p1/edit/q?#%.py");
  await page.getByRole("button", { name: "Close q?#%.py" }).click();
  await vi.waitFor(() => expect(at()).toMatch(/^\/projects\/p1\/files/));
  expect(localStorage.getItem("lyceum.tabs.p1")).toBe("[[]]");
});

describe("people", () => {
  const refused: WireError = { kind: "not_found", message: "Nobody has an account with this address." };

  test("an owner adds by e-mail address, and a refusal is said in the server's words", async () => {
    const server = fakeSite();
    await showPage(server, "/projects/p1/settings");
    server.on("members", () => {
      throw refused;
    });
    await page.getByLabelText("Add a person by e-mail address").fill("eve@example.org");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect.element(page.getByRole("alert")).toHaveTextContent(refused.message);
    await expect.element(page.getByLabelText("Add a person by e-mail address")).toHaveValue("eve@example.org");

    server.on("members", (row) => ({ ...row, account_id: "eve" }));
    await page.getByLabelText("Role", { exact: true }).selectOptions("viewer");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await expect.element(page.getByText("eve@example.org can open this project now.")).toBeVisible();
    expect(server.sets.at(-1)?.slice(0, 2)).toEqual([
      "members",
      { project_id: "p1", email_address: "eve@example.org", role: "viewer" },
    ]);
  });

  test("removing asks first", async () => {
    const server = fakeSite();
    await showPage(server, "/projects/p1/settings");
    await page.getByRole("button", { name: "Remove Bob Noyce" }).click();
    expect(setsOf(server)).toEqual([]);
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await vi.waitFor(() =>
      expect(setsOf(server)).toEqual([["members", { project_id: "p1", account_id: "bob" }, { delete: true }]]),
    );
  });

  test("what somebody types into the title is not lost when another changes the description", async () => {
    const server = fakeSite();
    await showPage(server, "/projects/p1/settings");
    await page.getByLabelText("Title").fill("Trees");
    putProject(server, { description: "Bob's words" });
    await expect.element(page.getByLabelText("Description")).toHaveValue("Bob's words");
    await expect.element(page.getByLabelText("Title")).toHaveValue("Trees");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await vi.waitFor(() => expect(setsOf(server)).toEqual([["projects", { id: "p1", title: "Trees" }, { set: true }]]));
  });
});

/** The terminal's code is loaded when the first is opened, on a busy machine in seconds. */
const LOADED = { timeout: 10_000 };

// The shell goes on, but what was on the screen and half a command in it would be read anew, and the keyboard would go.
test("turning a telephone leaves open what is open, also in two frames", async () => {
  const server = fakeSite();
  for (const id of ["t1", "t2"]) {
    server.put("terminals", { id, project_id: "p1", title: `Build ${id}`, account_id: "ada", created: 0 });
  }
  localStorage.setItem("lyceum.tabs.p1", JSON.stringify([["terminals/t1"], ["terminals/t2"]]));
  await page.viewport(844, 390);
  await showPage(server, "/projects/p1/terminals/t1");
  const screen = (id: string) => document.querySelector<HTMLElement>(`[data-terminal=${id}]`);
  await vi.waitFor(() => expect([screen("t1"), screen("t2")]).not.toContain(null), LOADED);
  const before = [screen("t1"), screen("t2")];
  await page.viewport(390, 844);
  await expect.element(page.getByRole("button", { name: "Files", exact: true })).toBeVisible();
  expect([screen("t1"), screen("t2")]).toEqual(before);
  expect(screen("t1")?.checkVisibility()).toBe(true);
  expect(screen("t1")?.getBoundingClientRect().width).toBeGreaterThan(350);
  expect(screen("t2")?.checkVisibility()).toBe(false);
  await page.viewport(844, 390);
  await vi.waitFor(() => expect(screen("t2")?.checkVisibility()).toBe(true));
  expect(screen("t1")).toBe(before[0]);
  expect(screen("t2")).toBe(before[1]);
  localStorage.removeItem("lyceum.tabs.p1");
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each([
    ["/projects", 1200],
    ["/projects", 390],
    ["/projects/p1/files/", 1200],
    ["/projects/p1/files/", 390],
    ["/projects/p1/settings", 1200],
    ["/projects/gone/files/", 1200],
    ["/nowhere", 1200],
  ] as const)("%s at %i px has nothing that axe finds wrong, and fits", async (address, width) => {
    await page.viewport(width, 800);
    const server = fakeSite();
    server.put("directories", { project_id: "p1", path: "", entries: {}, cut: false, time: 0 });
    await showPage(server, address, scheme);
    await vi.waitFor(() => expect(document.querySelector("main h1, main p, header h1")).not.toBeNull());
    await new Promise((resolve) => setTimeout(resolve, 400)); // transitions change colours
    expect(await wrongForAxe()).toEqual([]);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
  });
});
