import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { saved } from "./fixtures/editor";
import { newTerminal } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where pictures of the pages go, if somebody wants to look at them. */
const PICTURES = process.env["LYCEUM_PICTURES"];

/** A query in an address: the page asks it by itself. */
const PROJECTS = `q=${Buffer.from('["{\\"projects\\": [{\\"title\\": null, \\"state\\": null, \\"created\\": null}]}","{}"]').toString("base64url")}`;

/** Fails for what keeps people with a screen reader, a keyboard or weak eyes out. */
async function accessible(page: Page, what: string): Promise<void> {
  const moves = () => page.evaluate(() => getComputedStyle(document.body).transitionDuration);
  if (await page.evaluate(() => matchMedia("(prefers-reduced-motion: reduce)").matches))
    expect(await moves()).toBe("0s");
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }).axe;
    interface Violation {
      id: string;
      nodes: { html: string; failureSummary: string }[];
    }
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const { violations } = await axe.run({ runOnly: { type: "tag", values: tags } });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
  });
  expect(violations, what).toEqual([]);
}

test("every page is accessible and fits, in light and dark, wide and narrow", async ({ world: { ada, bob } }) => {
  test.setTimeout(240_000);
  const project = await ada.createProject("Number theory, winter");
  await ada.addMember(project, bob, "editor");
  await ada.upload(
    project,
    "slides.tex",
    "\\documentclass{beamer}\n% a comment\n\\begin{document}\nHello $x^2$\n\\end{document}\n",
  );
  await ada.upload(
    project,
    "sums.py",
    "def total(xs):\n    # adds them\n    return sum(xs)\n\nprint(total([1, 2, 3]))\n",
  );
  await ada.upload(project, "notes.md", "# Notes\n\nSome *words* and `code`.\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const terminal = new URL(ada.page.url()).pathname.slice(1);
  await bob.goto(`projects/${project}/edit/slides.tex`);
  await saved(bob.page, "slides.tex");

  const pages = [
    { name: "projects", path: "projects", ready: "Number theory, winter" },
    { name: "files", path: `projects/${project}`, ready: "notes.md" },
    { name: "latex", path: `projects/${project}/edit/slides.tex`, ready: "Saved" },
    { name: "python", path: `projects/${project}/edit/sums.py`, ready: "Saved" },
    { name: "terminal", path: terminal, ready: "Connected" },
    { name: "project-settings", path: `projects/${project}/settings`, ready: "People" },
    { name: "settings", path: "settings", ready: "Profile" },
    { name: "server", path: "server", ready: "Rates and times are" },
    { name: "limits", path: "server/limits", ready: "Site’s defaults" },
    { name: "limits-of-one", path: `server/limits?project=${project}`, ready: "of 50" },
    { name: "data", path: "data", ready: "Type a query above" },
    { name: "data-answer", path: `data#${PROJECTS}`, ready: "Live" },
    { name: "not-found", path: "nowhere", ready: "not" },
  ];
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      await ada.page.setViewportSize({ width, height: 800 });
      await ada.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const { name, path, ready } of pages) {
        await ada.goto(path);
        await expect(ada.page.getByText(ready).filter({ visible: true }).first()).toBeVisible({ timeout: 20_000 });
        if (PICTURES) await ada.page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}-${width}.png`) });
        await accessible(ada.page, `${name}, ${colorScheme}, ${width}`);
        const overflow = await ada.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${name} at ${width} is wider than the window`).toBeLessThanOrEqual(0);
      }
    }
  }
});

/** Who cannot see must tell the frames apart, and search a terminal in the narrowest of them. */
test("frames with terminals beside an editor are accessible, with a search and in screen reader mode", async ({
  world: { ada },
}) => {
  test.setTimeout(120_000);
  const { page } = ada;
  const project = await ada.createProject("Frames");
  await ada.upload(project, "notes.md", "# Notes\n");
  await ada.goto(`projects/${project}/edit/notes.md`);
  for (let terminals = 1; terminals <= 2; terminals++) {
    await page.getByRole("button", { name: "New terminal" }).first().click();
    await expect(page.locator('nav [aria-current="page"]')).toContainText(terminals === 1 ? "Terminal" : "Terminal 2", {
      timeout: 40_000,
    });
    await page.getByRole("button", { name: "Arrange tabs" }).last().click();
    await page.getByRole("menuitem", { name: "Split to the right" }).click();
    await expect(page.getByRole("navigation", { name: `Open tabs of frame ${terminals + 1}` })).toBeVisible();
    await expect(page.getByText("Connected").filter({ visible: true })).toHaveCount(terminals, { timeout: 40_000 });
  }
  await page.getByRole("button", { name: "Find in the terminal" }).first().click();
  await page.keyboard.type("nothing like this\n");
  await expect(page.getByText("Not found.")).toBeVisible();
  // All of the search stands in one line: input, count and buttons.
  const middles = await page
    .getByRole("search")
    .locator("input, [role=status], button")
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => (top + bottom) / 2));
  expect(Math.max(...middles) - Math.min(...middles)).toBeLessThan(4);
  await page.getByRole("button", { name: "Screen reader mode" }).last().click();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `frames-${colorScheme}.png`) });
    await accessible(page, `frames, ${colorScheme}`);
  }
});

test("signing up, creating a project and typing works with the keyboard alone", async ({ browser, server }) => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.firstLink);
  await page.getByLabel("Name").focus();
  await page.keyboard.type("Ada");
  await page.keyboard.press("Tab");
  await page.keyboard.type("ada@example.org");
  await page.keyboard.press("Tab");
  await page.keyboard.type("correct horse battery staple");
  await page.keyboard.press("Enter");
  await accessible(page, "after signing up");
  const create = page.getByRole("button", { name: /project/i }).first();
  await create.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Title")).toBeFocused();
  await page.keyboard.type("By keyboard");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "By keyboard" })).toBeVisible();
});

test.describe("below another path", () => {
  test.use({ flags: ["--base-path", "/lyceum/"] });

  test("everything works under /lyceum/", async ({ world: { ada } }) => {
    expect(ada.server.url).toMatch(/\/lyceum\/$/);
    await ada.goto("projects");
    await ada.page
      .getByRole("button", { name: /project/i })
      .first()
      .click();
    await ada.page.getByLabel("Title").fill("Below");
    await ada.page.keyboard.press("Enter");
    await expect(ada.page).toHaveURL(/\/lyceum\/projects\/\w+/);
    const project = /projects\/(\w+)/.exec(ada.page.url())?.[1] ?? "";
    await ada.upload(project, "notes.md", "hello\n");
    await ada.page.locator('[data-name="notes.md"]').click();
    await saved(ada.page, "notes.md");
    await expect(ada.page).toHaveURL(/\/lyceum\/projects\/\w+\/edit\/notes\.md/);
    await newTerminal(ada.page);
    await ada.page.reload();
    await expect(ada.page.getByText("Connected").filter({ visible: true })).toBeVisible();
    expect((await ada.download(project, "notes.md")).toString()).toBe("hello\n");
  });
});
