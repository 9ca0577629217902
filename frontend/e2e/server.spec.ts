import { expect, test } from "./fixtures/test";

/** What is shown of the server is true while one looks, in a real browser, and is nobody else's business. */
test("Ada, who runs the site, sees what Bob does; Bob sees why he does not", async ({ world: { ada, bob } }) => {
  const project = await ada.createProject("Figures");
  await ada.addMember(project, bob, "editor");
  await ada.goto("projects");
  await ada.page.getByRole("button", { name: /^Account/ }).click();
  await ada.page.getByRole("menuitem", { name: "Server" }).click();
  await expect(ada.page.getByText("Rates and times are of the last")).toBeVisible();
  const projects = ada.page.getByRole("row", { name: /^projects / });
  const sets = () =>
    projects
      .getByRole("cell")
      .nth(8)
      .innerText()
      .then((text) => Number(text.replaceAll(",", "")));
  await expect(projects).toBeVisible();
  const before = await sets();
  const renamed = await bob.ask({ projects: { id: project, title: "Figures of Bob" } });
  expect(renamed.error).toBeUndefined();
  await expect.poll(sets).toBe(before + 1);
  await expect(ada.page.getByText("Figures of Bob")).toHaveCount(0);

  await bob.goto("server");
  await expect(bob.page.getByText("What the server does is shown to administrators only.")).toBeVisible();
  await bob.page.getByRole("button", { name: /^Account/ }).click();
  await expect(bob.page.getByRole("menuitem", { name: "Settings" })).toBeVisible();
  await expect(bob.page.getByRole("menuitem", { name: "Server" })).toHaveCount(0);
  for (const table of ["table_stats", "server_stats", "slow_queries"]) {
    const key = table === "table_stats" ? "name" : "id";
    expect((await bob.ask({ [table]: [{ [key]: null }] })).rows, table).toEqual([]);
  }
});
