import type { Page } from "@playwright/test";
import { command, newTerminal, shows } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";

const MIB = 2 ** 20;

const notices = (page: Page) => page.getByRole("region", { name: "Notices" });

/** What everybody should know is said to everybody at once, and goes when it holds no more. */
test("a full disk and a limit that needs a restart are said above the project, to its viewers too", async ({
  world: { ada, bob },
}) => {
  test.setTimeout(180_000);
  const project = await ada.createProject("Full");
  await ada.addMember(project, bob, "viewer");
  await ada.must({ project_limits: { project_id: project, disk_bytes: 8 * MIB } });
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  await bob.goto(`projects/${project}`);
  await command(ada.page, "head -c 9M /dev/zero > big; echo writ''ten");
  await shows(ada.page, /written/);
  const full = /^The disk space of this project is used up: nothing more can be saved\./;
  for (const { page } of [ada, bob]) await expect(notices(page).getByText(full)).toBeVisible({ timeout: 40_000 });
  await expect(ada.page.getByRole("link", { name: /^Disk: full, / })).toBeVisible({ timeout: 20_000 });
  await command(ada.page, "rm big; echo remo''ved");
  await shows(ada.page, /removed/);
  for (const { page } of [ada, bob]) await expect(notices(page).getByText(full)).toHaveCount(0, { timeout: 40_000 });

  // Memory below what is in use: some kernels end a program, others can only do it at the next start.
  await command(ada.page, "dd if=/dev/zero bs=90M count=1 2>/dev/null | sleep 1000 & sleep 3; echo hol''ding");
  await shows(ada.page, /holding/, 40_000);
  await ada.must({ project_limits: { project_id: project, memory_bytes: 64 * MIB } });
  const said = notices(bob.page).getByText(/after a restart|was ended at/);
  await expect(said).toBeVisible({ timeout: 40_000 });
  const restart = notices(ada.page).getByRole("button", { name: "Restart" });
  const needed = (await restart.count()) > 0;
  if (needed) {
    await expect(notices(bob.page).getByRole("button", { name: "Restart" })).toBeDisabled(); // a viewer only sees it
    await restart.click();
    await expect(said).toHaveCount(0, { timeout: 40_000 });
    await expect(ada.page.getByText(/^The shell has ended\. The project was/)).toBeVisible({ timeout: 40_000 });
  }
});
