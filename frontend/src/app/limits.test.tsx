import { beforeEach, describe, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import type { FakeServer } from "../live/FakeServer";
import type { WireError } from "../wire/types.gen";
import { fakeSite, putProject, setsOf } from "./fakeSite";
import { showPage, wrongForAxe } from "./showPage";

beforeEach(() => page.viewport(1200, 800));

const GIB = 2 ** 30;
const builtIn = {
  memory_bytes: 2 * GIB,
  cpus: 2,
  processes: 512,
  disk_bytes: 5 * GIB,
  terminals: 50,
  open_files: 4096,
  network: "off",
  network_allow: [],
  idle_seconds: 7200,
};
const inForce = { project_id: "p1", time: 0, bounded: true };

function site(): FakeServer {
  const server = fakeSite();
  server.on("project_visits", (row) => row);
  server.put("server_settings", { id: "site", name: "Lyceum", sign_up: "invitation" });
  server.put("server_stats", { id: "server", time: 0, project_limits: builtIn });
  server.put("project_usage", { ...inForce, limits: builtIn, defaults: { ...builtIn, cpus: 3 } });
  return server;
}

const memory = () => page.getByRole("textbox", { name: "Memory" });
const save = () => page.getByRole("button", { name: "Save limits" });

describe("in the settings of a project", () => {
  test("an administrator sees the site's defaults in empty fields, raises one, and takes it back", async () => {
    const server = site();
    await showPage(server, "/projects/p1/settings");
    await expect.element(memory()).toHaveAttribute("placeholder", "2 GiB");
    await expect.element(page.getByLabelText("Processor cores")).toHaveAttribute("placeholder", "3");
    await expect.element(page.getByLabelText("Stopped when idle for")).toHaveAttribute("placeholder", "2 hours");
    await expect.element(save()).toBeDisabled();
    await memory().fill("4 GiB");
    await save().click();
    await expect.element(page.getByText("The limits of the project have been saved.")).toBeVisible();
    expect(setsOf(server)).toEqual([["project_limits", { project_id: "p1", memory_bytes: 4 * GIB }, { set: true }]]);
    await expect.element(memory()).toHaveValue("4 GiB");
    await memory().fill("");
    await save().click();
    await vi.waitFor(() =>
      expect(setsOf(server).at(-1)).toEqual(["project_limits", { project_id: "p1" }, { delete: true }]),
    );
  });

  test("a wrong value is told while it is typed and not saved; a refusal is said in the server's words", async () => {
    const server = site();
    await showPage(server, "/projects/p1/settings");
    await memory().fill("lots");
    await expect.element(page.getByText("Write a size with its unit, such as 512 MiB or 2 GiB.")).toBeVisible();
    await expect.element(memory()).toHaveAttribute("aria-invalid", "true");
    await expect.element(save()).toBeDisabled();
    await page.getByRole("button", { name: "Discard changes" }).click();
    await expect.element(memory()).toHaveValue("");

    const refused: WireError = { kind: "invalid", message: "The list is too long." };
    server.on("project_limits", () => {
      throw refused;
    });
    await page.getByLabelText("Network", { exact: true }).selectOptions("Filtered");
    await page.getByLabelText("Allowed besides").fill("mirror.example.org:443\n10.0.0.0/8");
    await save().click();
    await expect.element(page.getByText(refused.message)).toBeVisible();
    await expect.element(page.getByLabelText("Allowed besides")).toHaveValue("mirror.example.org:443\n10.0.0.0/8");
    expect(setsOf(server).at(-1)?.[1]).toEqual({
      project_id: "p1",
      network: "filtered",
      network_allow: ["mirror.example.org:443", "10.0.0.0/8"],
    });
  });

  test("what another administrator changes meanwhile is seen, and what is typed stays", async () => {
    const server = site();
    await showPage(server, "/projects/p1/settings");
    await memory().fill("4 GiB");
    server.put("project_limits", { project_id: "p1", memory_bytes: GIB, terminals: 7 });
    await expect.element(page.getByRole("textbox", { name: "Terminals" })).toHaveValue("7");
    await expect.element(memory()).toHaveValue("4 GiB");
  });

  test("who is no administrator sees what is used, and no limits to change", async () => {
    const server = site();
    server.put("accounts", { id: "ada", name: "Ada Lovelace", email_address: "ada@example.org", administrator: false });
    putProject(server, { users: { ada: { role: "owner", since: 0 } } });
    await showPage(server, "/projects/p1/settings");
    await expect.element(page.getByRole("heading", { name: "Resources" })).toBeVisible();
    await expect.element(page.getByRole("heading", { name: "Archive" })).toBeVisible();
    await expect.element(page.getByRole("heading", { name: "Limits" })).not.toBeInTheDocument();
  });
});

describe("for the whole site", () => {
  test("the way leads over the server's page; empty fields show what is built in", async () => {
    const server = site();
    await showPage(server, "/server");
    await page.getByRole("link", { name: "Limits of projects" }).click();
    await expect.element(memory()).toHaveAttribute("placeholder", "2 GiB");
    await page.getByLabelText("Stopped when idle for").fill("never");
    await page.getByLabelText("Processor cores").fill("1.5");
    await save().click();
    await expect.element(page.getByText("hold for all projects that have none", { exact: false })).toBeVisible();
    expect(setsOf(server)).toEqual([
      ["server_settings", { id: "site", project_defaults: { cpus: 1.5, idle_seconds: 0 } }, { set: true }],
    ]);
    await expect.element(page.getByLabelText("Stopped when idle for")).toHaveValue("never");
  });

  test("a project of others is found by its address, with what it uses and may use", async () => {
    const server = site();
    server.put("project_usage", { ...inForce, project_id: "other1", limits: builtIn, defaults: builtIn, terminals: 4 });
    const { router } = await showPage(server, "/server/limits");
    await expect.element(page.getByText("No project has limits of its own")).toBeVisible();
    const address = page.getByLabelText("Address of the project");
    await address.fill("two words");
    await page.getByRole("button", { name: "Show limits" }).click();
    await expect.element(page.getByText("Paste the address of a project", { exact: false })).toBeVisible();
    await address.fill("https://lyceum.example.org/projects/other1/files/");
    await page.getByRole("button", { name: "Show limits" }).click();
    await expect.element(page.getByText("Project other1")).toBeVisible();
    expect(router.state.location.href).toBe("/server/limits?project=other1");
    await expect.element(page.getByText("4 of 50")).toBeVisible();
    await page.getByRole("textbox", { name: "Terminals" }).fill("9");
    await save().click();
    await vi.waitFor(() =>
      expect(setsOf(server)).toEqual([["project_limits", { project_id: "other1", terminals: 9 }, { set: true }]]),
    );
    await page.getByRole("link", { name: "All limits" }).click();
    const list = page.getByRole("list", { name: "Projects with limits of their own" });
    await expect.element(list.getByText("Terminals 9")).toBeVisible();
    await expect.element(list.getByRole("link", { name: "Project other1" })).toBeVisible();
  });

  test("who is no administrator is told so", async () => {
    const server = site();
    server.put("accounts", { id: "ada", name: "Ada Lovelace", email_address: "ada@example.org", administrator: false });
    await showPage(server, "/server/limits");
    await expect
      .element(page.getByText("What projects may use is shown to administrators only.", { exact: false }))
      .toBeVisible();
    await expect.element(memory()).not.toBeInTheDocument();
  });
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each([
    ["/server/limits", 1200],
    ["/server/limits", 390],
    ["/server/limits?project=p1", 390],
    ["/projects/p1/settings", 390],
  ] as const)("%s at %i px has nothing that axe finds wrong, and fits", async (address, width) => {
    await page.viewport(width, 800);
    const server = site();
    server.put("project_limits", { project_id: "p1", memory_bytes: 4 * GIB, network_allow: ["10.0.0.5:8080"] });
    await showPage(server, address, scheme);
    await expect.element(memory()).toBeInTheDocument();
    await memory().fill("lots");
    await new Promise((resolve) => setTimeout(resolve, 400)); // transitions change colours
    expect(await wrongForAxe()).toEqual([]);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
  });
});
