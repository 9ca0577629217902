import type { Page } from "@playwright/test";
import { textOf, saved } from "./fixtures/editor";
import { Frames } from "./fixtures/frames";
import { Person } from "./fixtures/person";
import { newTerminal, screenOf, shows } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";
import { type Answer, Wire } from "./fixtures/wire";

/** What everything that belongs to somebody's sign-in or role must end within (W5). */
const WITHIN_MS = 1000;

/** Notes when a page first says something, by its own clock. */
async function noteWhen(page: Page, words: string): Promise<void> {
  await page.evaluate((words) => {
    const note = () => {
      if (!("saidAt" in window) && document.body.textContent?.includes(words)) {
        Object.assign(window, { saidAt: Date.now() });
      }
    };
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
  }, words);
}

async function saidAt(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { saidAt: number }).saidAt);
}

const lastChange = (answers: Answer[], id: number) => answers.filter((one) => one.id === id).at(-1);

// A collaborator who has been removed is a stranger: what the others write
// from then on is not for his eyes, whatever he has open.
test("who is removed while he watches and types loses everything within a second", async ({
  browser,
  server,
  world: { ada, bob },
}) => {
  test.setTimeout(120_000);
  const gone = "This project is not open to you";
  const carol = await Person.signUp(browser, server, "Carol", await ada.invite());
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "editor");
  await ada.addMember(project, carol, "viewer");
  await ada.upload(project, "notes.md", "A line.\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const terminalPath = ada.page.url().slice(server.url.length);
  const adaWrites = await ada.context.newPage();
  await adaWrites.goto(`${server.url}projects/${project}/edit/notes.md`);
  await saved(adaWrites, "notes.md");

  // Bob and Carol have the same open: a document, a terminal, the files beside them.
  const watching = async (person: Person) => {
    const pages = [person.page, await person.context.newPage()] as const;
    const frames = pages.map((page) => new Frames(page));
    await pages[0].goto(`${server.url}projects/${project}/edit/notes.md`);
    await pages[1].goto(server.url + terminalPath);
    await saved(pages[0], "notes.md");
    await shows(pages[1], /\$ ?$/m);
    for (const page of pages) await expect(page.locator('[data-name="notes.md"]')).toBeVisible();
    return { pages, frames, have: (words: string) => frames.some((one) => one.have(words)) };
  };
  const [his, hers] = [await watching(bob), await watching(carol)];
  for (const page of his.pages) await noteWhen(page, gone);
  const wire = await Wire.open(bob);
  const { rows } = await wire.must({ documents: [{ project_id: project, id: null }] });
  const document = rows?.[0]?.["id"] as string;
  const tables = ["projects", "documents", "patches", "cursors", "directories", "terminals"] as const;
  const queries: Record<(typeof tables)[number], object> = {
    projects: { id: project, title: null, users: null },
    documents: { project_id: project, id: null, saved: {} },
    patches: { document_id: document, seq: null, update: null },
    cursors: { document_id: document, connection_id: null, name: null },
    directories: { project_id: project, path: "", entries: {}, time: null },
    terminals: { project_id: project, id: null, title: null },
  };
  for (const table of tables) await wire.must({ [table]: [queries[table]] }, { changes: true });
  const questions = 1 + tables.length; // ids are counted from 1

  let removed = false;
  const typing = (async () => {
    await textOf(his.pages[0], "notes.md").click();
    while (!removed) await his.pages[0].keyboard.type("b", { delay: 20 });
  })();
  const typingToo = (async () => {
    await screenOf(his.pages[1]).click();
    while (!removed) await his.pages[1].keyboard.type("b", { delay: 20 });
  })();
  await expect(textOf(adaWrites, "notes.md")).toContainText("bbbbb");
  await shows(ada.page, /bbbbb/);
  await textOf(adaWrites, "notes.md").click();
  await screenOf(ada.page).click();
  await ada.page.keyboard.press("Control+c");
  const owner = await Wire.open(ada);

  const { at } = await owner.must({ members: { project_id: project, account_id: bob.accountId } }, { delete: true });
  await Promise.all([
    adaWrites.keyboard.insertText("text-after-the-end "),
    ada.page.keyboard.insertText("echo printed-after-$((6*7))\n"),
    owner.must({ projects: { id: project, title: "title-after-the-end" } }),
    owner.must({
      file_actions: { id: "new", project_id: project, action: "create_file", path: "file-after-the-end.txt" },
    }),
  ]);
  for (const page of his.pages) await expect(page.getByText(gone)).toBeVisible();
  removed = true;
  await Promise.all([typing, typingToo]);

  for (const [index, page] of his.pages.entries()) {
    expect((await saidAt(page)) - at, `page ${index} says so within a second`).toBeLessThan(WITHIN_MS);
  }
  const terminals = his.frames.flatMap((frames) => frames.of("terminals"));
  expect(terminals.length).toBeGreaterThan(0);
  for (const { closedAt = Infinity } of terminals) expect(closedAt - at, "his terminal closes").toBeLessThan(WITHIN_MS);

  // Carol, who stays, is told all of it: so it would be seen in what Bob is told.
  const after = ["text-after-the-end", "printed-after-42", "title-after-the-end", "file-after-the-end.txt"];
  for (const words of after) await expect.poll(() => hers.have(words), { message: words }).toBe(true);
  // Bob's sockets of the tables live on. What comes through them last comes after all that.
  await wire.must({ accounts: { id: bob.accountId, name: "Bob after the end" } });
  for (const frames of his.frames) await expect.poll(() => frames.have("Bob after the end")).toBe(true);
  for (const words of after) expect(his.have(words), words).toBe(false);

  // Each of his watches has told him that its rows are gone, or has ended.
  const heard = await wire.messages();
  expect(JSON.stringify(heard)).not.toContain("after-the-end");
  for (let id = 2; id <= questions; id++) {
    const last = lastChange(heard, id);
    const table = tables[id - 2] ?? "";
    expect(last?.error ?? last?.changes?.map(({ action }) => action), table).toContainEqual("delete");
    expect((last?.at ?? Infinity) - at, table).toBeLessThan(WITHIN_MS);
  }
  expect((await wire.ask({ projects: { id: project, title: null } })).row).toBeNull();
});
