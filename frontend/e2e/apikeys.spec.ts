import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Person } from "./fixtures/person";
import { expect, test } from "./fixtures/test";

const run = promisify(execFile);

interface Answer {
  status: number;
  kind?: string;
  message?: string;
  rows?: Record<string, unknown>[];
  row?: Record<string, unknown> | null;
}

/** Runs a command as somebody who has copied it; the last line of its output is the status. */
async function inShell(command: string): Promise<Answer> {
  const { stdout } = await run("sh", ["-c", `${command} -s -m 10 -w '\\n%{http_code}'`]);
  const [body = "", status = ""] = stdout.split(/\n(?=\d+$)/);
  return { ...(JSON.parse(body) as object), status: Number(status) };
}

/** The example with another query. */
function asking(example: string, query: unknown): string {
  return example.replace(/-d '.*'/, `-d '${JSON.stringify({ query })}'`);
}

async function makeKey(person: Person, name: string, choose: () => Promise<void>): Promise<string> {
  await person.page.getByRole("button", { name: "Create API key" }).click();
  const dialog = person.page.getByRole("dialog", { name: "New API key" });
  await dialog.getByLabel("Name").fill(name);
  await choose();
  await dialog.getByRole("button", { name: "Create key" }).click();
  const example = await person.page.getByLabel("Example", { exact: true }).inputValue();
  await person.page.getByRole("dialog", { name: "The API key" }).getByRole("button", { name: "Close" }).click();
  return example;
}

// A teacher's script that lists projects must work as the page shows it, must not
// do more than was chosen, and must stop when its key was left on a lost laptop.
test("the command that settings show works until its key is revoked", async ({ world: { ada } }) => {
  const numbers = await ada.createProject("Numbers");
  const secret = await ada.createProject("Secret");
  await ada.goto("settings");
  const dialog = ada.page.getByRole("dialog", { name: "New API key" });
  const narrow = await makeKey(ada, "Grades", async () => {
    await dialog.getByLabel("Project", { exact: true }).selectOption("Numbers");
  });
  const wide = await makeKey(ada, "Backup", async () => {
    await dialog.getByLabel("What it reaches").selectOption("All my projects and my account");
    await dialog.getByLabel("It may also write").click();
  });
  expect(await inShell(narrow)).toEqual({ status: 200, rows: [{ id: numbers, title: "Numbers" }] });
  expect((await inShell(wide)).rows?.map(({ title }) => title).toSorted()).toEqual(["Numbers", "Secret"]);

  const rename = (id: string) => ({ projects: { id, title: "By a script" } });
  expect(await inShell(asking(narrow, rename(numbers)))).toMatchObject({ status: 403, kind: "denied" });
  expect(await inShell(asking(narrow, { projects: { id: secret, title: null } }))).toEqual({ status: 200, row: null });
  expect(await inShell(asking(wide, rename(secret)))).toMatchObject({ status: 200, row: { id: secret } });
  expect(await inShell(asking(wide, { sessions: [{ id: null }] }))).toMatchObject({ status: 403, kind: "denied" });

  const row = ada.page.getByRole("list", { name: "API keys" }).getByRole("listitem").filter({ hasText: "Backup" });
  await expect(row.getByText("May write")).toBeVisible();
  await expect(row).toContainText(/used .*now|used .*second/i);
  await row.getByRole("button", { name: "Revoke" }).click();
  await ada.page.getByRole("button", { name: "Revoke key" }).click();
  await expect(row).toHaveCount(0);
  const refused = await inShell(wide);
  expect(refused).toMatchObject({ status: 401, kind: "denied" });
  expect(refused.message).toMatch(/^This API key .+\.$/);
  expect((await inShell(narrow)).status).toBe(200);
  await ada.goto("projects");
  await expect(ada.page.getByText("By a script").first()).toBeVisible();
});
