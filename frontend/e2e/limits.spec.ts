import type { Page } from "@playwright/test";
import { Person } from "./fixtures/person";
import { command, newTerminal, screenOf, shows } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";

const MIB = 2 ** 20;

const notices = (page: Page) => page.getByRole("region", { name: "Notices" });
const meter = (page: Page, name: string) => page.getByRole("meter", { name });

/** A student must see what holds now, and an administrator reach a project that is not his. */
test("an administrator raises a limit by the project's address, and the student's page shows it at once", async ({
  browser,
  server,
  world: { ada, bob },
}) => {
  test.setTimeout(180_000);
  const carol = await Person.signUp(browser, server, "Carol", await ada.invite());
  const project = await bob.createProject("Bob's");
  await bob.addMember(project, carol, "viewer");
  await bob.goto(`projects/${project}/settings`);
  await expect(meter(bob.page, "Memory")).toHaveAttribute("aria-valuetext", /^.+ of 2 GiB/, { timeout: 40_000 });

  await ada.goto("server/limits");
  await ada.page.getByLabel("Address of the project").fill(bob.page.url());
  await ada.page.getByRole("button", { name: "Show limits" }).click();
  await expect(meter(ada.page, "Memory")).toHaveAttribute("aria-valuetext", /^.+ of 2 GiB/, { timeout: 20_000 });
  const memory = ada.page.getByRole("textbox", { name: "Memory" });
  await expect(memory).toHaveAttribute("placeholder", "2 GiB");
  await memory.fill("192 MiB");
  await ada.page.getByRole("textbox", { name: "Terminals" }).fill("3");
  await ada.page.getByRole("button", { name: "Save limits" }).click();
  await expect(meter(bob.page, "Memory")).toHaveAttribute("aria-valuetext", /^.+ of 192 MiB/, { timeout: 20_000 });
  await expect(meter(bob.page, "Terminals")).toHaveAttribute("aria-valuetext", "0 of 3");
  await expect(bob.page.getByRole("heading", { name: "Limits" })).toHaveCount(0);

  // What is mistyped is no project, and neither limits nor a row are made for it.
  await ada.goto("server/limits?project=mistyped");
  await expect(ada.page.getByText("There is no such project.")).toBeVisible();
  await ada.goto("server/limits");
  const own = ada.page.getByRole("list", { name: "Projects with limits of their own" });
  await expect(own).toContainText("Memory 192 MiB · Terminals 3");

  // A viewer sees what is used, and nothing that changes it.
  await carol.goto(`projects/${project}/settings`);
  await expect(meter(carol.page, "Memory")).toHaveAttribute("aria-valuetext", /of 192 MiB/, { timeout: 20_000 });
  await expect(carol.page.getByRole("heading", { name: "Limits" })).toHaveCount(0);
  const refused = await carol.ask({ project_limits: { project_id: project, memory_bytes: 4096 * MIB } });
  expect(refused.error?.message).toMatch(/^Only administrators may set project_limits\./);

  // What eats the memory is ended, and everybody who looks is told which program it was.
  await bob.goto(`projects/${project}`);
  await newTerminal(bob.page);
  await command(bob.page, "tail /dev/zero; echo en''ded");
  await shows(bob.page, /ended/, 60_000);
  const news = /^tail was ended at .+, because the project had used its 192 MiB of memory\.$/;
  for (const { page } of [bob, carol]) await expect(notices(page).getByText(news)).toBeVisible({ timeout: 20_000 });
  // It says what was allowed then, whatever an administrator gives afterwards.
  await ada.must({ project_limits: { project_id: project, memory_bytes: 256 * MIB } });
  await bob.goto(`projects/${project}/settings`);
  await expect(meter(bob.page, "Memory")).toHaveAttribute("aria-valuetext", /^.+ of 256 MiB/, { timeout: 20_000 });
  await expect(notices(bob.page).getByText(news)).toBeVisible();
  await bob.page.goBack();
  await notices(bob.page).getByRole("button", { name: "Put this notice away" }).click();
  await expect(notices(bob.page).getByText(news)).toHaveCount(0);
  await expect(screenOf(bob.page)).toBeVisible();
  await bob.page.reload();
  await shows(bob.page, /ended/, 40_000);
  await expect(notices(bob.page).getByText(news)).toHaveCount(0);

  // Nothing is in the way while there is enough; a terminal of three makes two of them nearly all.
  const hint = bob.page.getByRole("link", { name: /^Terminals: / });
  await expect(hint).toHaveCount(0);
  for (const path of [1, 2]) {
    const { row } = await bob.must({ terminals: { id: "new", project_id: project, title: `More ${path}` } });
    await bob.goto(`projects/${project}/terminals/${row?.["id"] as string}`);
    await shows(bob.page, /\$ ?$/m, 40_000);
  }
  await expect(hint).toHaveAccessibleName("Terminals: all used, 3 of 3", { timeout: 20_000 });
});

/**
 * Who reads must not lose what runs without having been asked. Half of so
 * short an idle time is the warning.
 */
test.describe("where the server looks often", () => {
  test.use({ flags: ["--idle-look", "2s"] });

  test("who looks at an idle project is warned of its stop, and keeps it running", async ({ world: { ada, bob } }) => {
    test.setTimeout(180_000);
    const project = await ada.createProject("Idle");
    await ada.addMember(project, bob, "viewer");
    const left = await ada.createProject("Left alone");
    for (const id of [project, left]) await ada.must({ project_limits: { project_id: id, idle_seconds: 24 } });
    const other = await ada.context.newPage();
    await other.goto(`${ada.server.url}projects/${left}`);
    await expect(other.getByRole("status", { name: "State of the project" })).toContainText("Running", {
      timeout: 40_000,
    });
    for (const person of [ada, bob]) {
      await person.goto(`projects/${project}`);
      await expect(person.page.getByRole("status", { name: "State of the project" })).toContainText("Running", {
        timeout: 40_000,
      });
    }
    const keep = notices(bob.page).getByRole("button", { name: "Keep it running" });
    await expect(keep).toBeVisible({ timeout: 60_000 });
    await expect(notices(ada.page).getByText(/^This project will be stopped at /)).toBeVisible();
    // The button alone: keys and pointers, which tell of themselves that somebody is there, do not come with this.
    await keep.dispatchEvent("click");
    for (const { page } of [ada, bob]) {
      await expect(notices(page).getByText(/^This project will be stopped at /)).toHaveCount(0);
      await expect(page.getByRole("status", { name: "State of the project" })).toContainText("Running");
    }

    // The one that nobody has kept is stopped, and says why, and how it goes on.
    const stopped = notices(other).getByText(/^It was stopped because nobody has used it/);
    await expect(stopped).toBeVisible({ timeout: 60_000 });
    await notices(other).getByRole("button", { name: "Start" }).click();
    await expect(other.getByRole("status", { name: "State of the project" })).toContainText("Running", {
      timeout: 40_000,
    });
    await expect(stopped).toHaveCount(0);
  });
});
