import { beforeEach, describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { fakeSite, putProject } from "./fakeSite";
import { showPage, wrongForAxe } from "./showPage";

beforeEach(() => {
  localStorage.clear();
  return page.viewport(1280, 800);
});

/** Puts a text in the place of the query. */
async function retype(text: string): Promise<void> {
  await userEvent.click(page.getByRole("textbox", { name: "Query" }));
  await userEvent.keyboard("{Control>}a{/Control}");
  document.execCommand("insertText", false, text);
}

test("a query is answered, its changes are counted, and the watch can be stopped", async () => {
  const server = fakeSite();
  await showPage(server, "/data");
  await page.getByRole("button", { name: "My projects, those last edited first" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect.element(answer.getByText("Graph theory")).toBeVisible();
  putProject(server, { title: "Group theory" });
  await expect.element(answer.getByText("Group theory")).toBeVisible();
  await expect.element(answer.getByText(/1 row · 1 change ·/)).toBeVisible();
  server.drop();
  await expect.element(answer.getByText("Offline: as it was")).toBeVisible();
  server.restore();
  await expect.element(answer.getByText("Live", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Stop watching" }).click();
  await expect.element(answer.getByText("Not watched any more")).toBeVisible();
});

test("a set is asked for in words, and only then written", async () => {
  const server = fakeSite();
  await showPage(server, "/data");
  await expect.element(page.getByRole("textbox", { name: "Query" })).toBeVisible();
  await retype('{"projects": {"id": "p1", "title": "Primes"}}');
  await page.getByRole("button", { name: "Write…" }).click();
  const dialog = page.getByRole("dialog", { name: "Write this?" });
  await expect.element(dialog).toHaveTextContent('In the row of projects with id "p1": set title to "Primes".');
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(server.sets).toEqual([]);
});

test("all fields of a table are asked for from beside, and the history forgets when told", async () => {
  await showPage(fakeSite(), "/data");
  await page.getByRole("searchbox", { name: "Search tables and fields" }).fill("collaborators");
  await page.getByRole("button", { name: "collaborators" }).click();
  await page.getByRole("button", { name: "Ask for all fields" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect.element(page.getByRole("cell", { name: "Bob Noyce" })).toBeVisible();
  expect(localStorage.getItem("lyceum-queries-ada")).toContain("collaborators");
  await page.getByRole("button", { name: "Clear" }).click();
  expect(localStorage.getItem("lyceum-queries-ada")).toBeNull();
});

test("ten thousand rows are there, and few of them are drawn", async () => {
  const server = fakeSite();
  for (let n = 0; n < 10_000; n++) server.put("collaborators", { id: `a${n}`, name: `Person ${n}` });
  await showPage(server, "/data");
  await page.getByRole("button", { name: "The people I work with" }).click();
  await expect.element(page.getByText(/10002 rows/)).toBeVisible();
  expect(document.querySelectorAll("tbody tr").length).toBeLessThan(100);
  const rows = page.getByRole("region", { name: "Rows of collaborators" });
  rows.element().scrollTop = 1e9;
  await expect.element(rows.getByText("Person 9999", { exact: true })).toBeVisible();
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each([1280, 390])("the page at %i px has nothing that axe finds wrong, and fits", async (width) => {
    await page.viewport(width, 800);
    const server = fakeSite();
    await showPage(server, "/data", scheme);
    await page.getByRole("button", { name: "My projects, those last edited first" }).click();
    await expect.element(page.getByText("Graph theory")).toBeVisible();
    await new Promise((resolve) => setTimeout(resolve, 400)); // transitions change colours
    expect(await wrongForAxe()).toEqual([]);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
  });
});
