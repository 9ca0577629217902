import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures/test";

const query = (page: Page) => page.getByRole("textbox", { name: "Query" });
const answer = (page: Page) => page.getByRole("region", { name: "Answer" });

/** Puts a text in the place of the query, by keys. */
async function retype(page: Page, text: string): Promise<void> {
  await query(page).focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

/** Takes the marked choice of the completion, as soon as there is one that has this name. */
async function choose(page: Page, typed: string, name: string): Promise<void> {
  await page.keyboard.type(typed, { delay: 20 });
  await expect(page.locator(".cm-tooltip-autocomplete [aria-selected]")).toContainText(name);
  await page.keyboard.press("Enter");
}

test("an administrator asks by keyboard alone, sees changes come, and writes after a question", async ({
  world: { ada, bob },
}) => {
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "editor");
  const { page } = ada;
  await ada.goto("data");
  await query(page).focus();
  await page.keyboard.type("{");
  await choose(page, "pro", "projects");
  await choose(page, "ti", "title");
  await page.keyboard.type(", ");
  await choose(page, "las", "last_edited");
  await page.keyboard.press("Control+Enter");
  await expect(answer(page).getByText("Numbers", { exact: true })).toBeVisible();
  await expect(answer(page).getByText("Live", { exact: true })).toBeVisible();

  await bob.must({ projects: { id: project, title: "Primes" } });
  await expect(answer(page).getByText("Primes", { exact: true })).toBeVisible();
  await expect(answer(page).getByRole("status").first()).toContainText("1 change");

  await retype(page, '{"projects": [{"titel": null}]}');
  await expect(page.getByText('projects has no field "titel"').first()).toBeVisible();
  await page.keyboard.press("Control+Enter");
  await expect(answer(page).getByRole("alert")).toContainText('projects has no field "titel"; its fields are');

  await retype(page, JSON.stringify({ projects: { id: project, title: "Twin primes" } }));
  await page.keyboard.press("Control+Enter");
  const dialog = page.getByRole("dialog", { name: "Write this?" });
  await expect(dialog).toContainText(`set title to "Twin primes"`);
  await dialog.getByRole("button", { name: "Write", exact: true }).press("Enter");
  await expect(answer(page).getByText("Written: the server has acknowledged this.")).toBeVisible();
  const { row } = await bob.must({ projects: { id: project, title: null } });
  expect(row?.["title"]).toBe("Twin primes");
});

test("a set in an address waits for a person; a get is answered", async ({ world: { ada } }) => {
  const project = await ada.createProject("Numbers");
  const hash = (text: string) => `#q=${Buffer.from(JSON.stringify([text, "{}"])).toString("base64url")}`;
  await ada.goto(`data${hash(JSON.stringify({ projects: { id: project, title: "Taken over" } }))}`);
  await expect(query(ada.page)).toContainText("Taken over");
  await expect(ada.page.getByRole("button", { name: "Write…" })).toBeVisible();
  await expect(answer(ada.page).getByText("Type a query above")).toBeVisible();
  const { row } = await ada.must({ projects: { id: project, title: null } });
  expect(row?.["title"]).toBe("Numbers");

  await ada.goto("projects");
  await ada.goto(`data${hash('{"projects": [{"title": null}]}')}`);
  await expect(answer(ada.page).getByText("Numbers", { exact: true })).toBeVisible();
});

test("who has no key is told what the page is for; with a key one sees one's own rows", async ({
  world: { ada, bob },
}) => {
  await ada.createProject("Ada's own");
  await bob.createProject("Bob's own");
  await bob.goto("data");
  await expect(bob.page.getByText("Make an API key in the settings")).toBeVisible();
  await expect(bob.page.getByRole("link", { name: "Open the settings" })).toBeVisible();

  await bob.must({ api_keys: { id: "new", name: "backup", scope: "all", read_only: true } });
  await bob.page.getByRole("button", { name: "My projects" }).click();
  await expect(answer(bob.page).getByText("Bob's own")).toBeVisible();
  await expect(answer(bob.page).getByText("1 row ·")).toBeVisible();
  await bob.goto("data");
  await retype(bob.page, '{"accounts": [{"name": null}]}');
  await bob.page.keyboard.press("Control+Enter");
  await expect(answer(bob.page).getByRole("cell", { name: "Bob", exact: true })).toBeVisible();
  await expect(answer(bob.page).getByRole("cell", { name: "Ada", exact: true })).not.toBeVisible();
});
