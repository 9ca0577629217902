import { nameChanges, titleChanges } from "./fixtures/demos";
import { expect, test } from "./fixtures/test";

test("Ada changes her name and Bob's open page shows it", async ({ world: { ada, bob } }) => {
  await nameChanges(ada, bob);
});

test("Ada renames a project and Bob's open pages show it", async ({ world: { ada, bob } }) => {
  await titleChanges(ada, bob);
});

/** Demo 5: a project restarted by setting a row; every step is seen by all. */
test("Bob restarts a project and Ada sees each step", async ({ world: { ada, bob } }) => {
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "editor");
  await ada.goto(`projects/${project}`);
  await bob.goto(`projects/${project}`);
  const state = (who: typeof ada) => who.page.getByRole("status", { name: "State of the project" });
  await expect(state(ada)).toContainText("Running", { timeout: 30_000 });
  await ada.page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const status = document.querySelector('[aria-label="State of the project"]');
    new MutationObserver(() => {
      const word = /Stopping|Stopped|Starting|Running/.exec(status?.textContent ?? "")?.[0];
      if (word && seen.at(-1) !== word) seen.push(word);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });

  const before = Date.now();
  await bob.page.getByRole("button", { name: "Restart" }).click();
  await expect
    .poll(() => ada.page.evaluate(() => (window as unknown as { seen: string[] }).seen.join(" ")), { timeout: 30_000 })
    .toMatch(/Stopping.*Starting.*Running$/);

  const { row } = await ada.must({ projects: { id: project, title: null, action_request: {} } });
  const request = row?.["action_request"] as Record<string, unknown>;
  expect(request).toMatchObject({ action: "restart", account_id: bob.accountId });
  expect(request["time"]).toBeGreaterThanOrEqual(before);
  expect(request["finished"]).toBeGreaterThanOrEqual(request["started"] as number);
  expect(request["started"]).toBeGreaterThanOrEqual(request["time"] as number);
});
