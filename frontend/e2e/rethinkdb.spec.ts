import { Database } from "./fixtures/database";
import { nameChanges, titleChanges } from "./fixtures/demos";
import { openFile, saved, savingOf } from "./fixtures/editor";
import { Person } from "./fixtures/person";
import { Server } from "./fixtures/server";
import { command, newTerminal, shows } from "./fixtures/terminal";
import { expect, test as base } from "./fixtures/test";
import { anotherWindow } from "./fixtures/window";
import { beginTyping, nothingLost, typeWords } from "./fixtures/typing";

/** How long two people type while the connections to the database are cut, and how often. */
const CUTS_MS = 30_000;
const CUT_EVERY_MS = 1000;

/** What an editor says while what was typed does not reach the database. */
const NOT_SENT = /^(Not sent \(\d+\)|Offline — \d+ changes kept in this browser)$/;

/** What a page says while the server is there, and its database is not. */
const NO_DATABASE =
  "The server is there, but its database cannot be reached. You can go on writing in open documents: all changes are kept in this browser, and sent when it is back.";

/** How long no node of the database is there. */
const GONE_MS = 10_000;

const test = base.extend<{ database: Database; other: Server; farBob: Person }>({
  // oxlint-disable-next-line no-empty-pattern -- it needs no other fixture
  database: async ({}, provide) => {
    const database = new Database();
    await database.start();
    await provide(database);
    await database.remove();
  },
  flags: async ({ database }, provide) => provide(database.flags),
  // After the first account is made, since a server on an empty database prints a new link for it.
  other: async ({ database, world: { server } }, provide, info) => {
    const other = new Server(...database.flags);
    await other.start();
    expect(other.url).not.toBe(server.url);
    await provide(other);
    const code = await other.stop();
    if (info.status !== info.expectedStatus) console.log(`the other server:\n${other.log}`);
    await other.remove();
    expect(code).toBe(0);
  },
  farBob: async ({ other, world: { bob } }, provide) => provide(bob.at(other)),
});

test.describe.configure({ timeout: 120_000 });

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A project of Ada's with Bob in it, and a file that both have open. */
async function together(ada: Person, bob: Person): Promise<string> {
  const project = await ada.createProject("Cluster");
  await ada.addMember(project, bob, "editor");
  await ada.upload(project, "notes.tex", "first line\n\nlast line\n");
  for (const person of [ada, bob]) {
    await person.goto(`projects/${project}/edit/notes.tex`);
    await saved(person.page, "notes.tex");
  }
  await beginTyping(ada, "notes.tex", "Home");
  await beginTyping(bob, "notes.tex", "End");
  return project;
}

/** Both type while something happens; returns how many words each has typed. */
async function typing(ada: Person, bob: Person, meanwhile: () => Promise<void>): Promise<number[]> {
  let stop = false;
  const typed = Promise.all([typeWords(ada, "a", () => stop), typeWords(bob, "b", () => stop)]);
  try {
    await meanwhile();
  } finally {
    stop = true;
  }
  return typed;
}

test("a name that Ada changes at one server shows at another, also when a feed has lost the change", async ({
  database,
  other,
  world: { ada },
  farBob: bob,
}) => {
  await nameChanges(ada, bob);
  await database.skip("accounts", 1);
  await ada.must({ accounts: { id: ada.accountId, name: "Ada King" } });
  const people = bob.page.getByRole("list", { name: "People of this project" });
  await expect(people.getByText("Ada King", { exact: true })).toBeVisible({ timeout: 20_000 });
  expect(other.log).toMatch(/feed of a table ended.*table=accounts/); // it was lost
});

test("a project that Ada renames at one server is renamed at another", async ({ world: { ada }, farBob: bob }) => {
  await titleChanges(ada, bob);
});

const DOCUMENT = String.raw`\documentclass{article}
\begin{document}
Written by two.

\end{document}
`;

test("two people edit a document and build it in a shared terminal, with rows in a cluster", async ({
  world: { ada, bob },
}) => {
  const project = await ada.createProject("Paper");
  await ada.addMember(project, bob, "editor");
  await ada.upload(project, "paper.tex", DOCUMENT);
  for (const person of [ada, bob]) {
    await person.goto(`projects/${project}`);
    await openFile(person.page, "paper.tex");
    await saved(person.page, "paper.tex");
    await beginTyping(person, "paper.tex", "Home");
    for (let line = 0; line < 3; line++) await person.page.keyboard.press("ArrowDown");
  }
  await bob.page.keyboard.press("ArrowUp");
  await bob.page.keyboard.press("End");
  await bob.page.keyboard.type(" ");
  const typed = await typing(ada, bob, () => wait(5000));
  await nothingLost([ada, bob], project, "paper.tex", typed);

  await newTerminal(ada.page);
  await bob.page.goto(ada.page.url());
  await shows(bob.page, /\$ ?$/m);
  await command(ada.page, "pdflatex -interaction=nonstopmode paper.tex; echo build ended with $?.");
  await shows(bob.page, /build ended with 0\./, 60_000);
  const pdf = await bob.download(project, "paper.pdf");
  expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
});

test("connections to the database are cut every second while two people type, and nothing is lost or doubled", async ({
  database,
  server,
  world: { ada, bob },
}) => {
  const project = await together(ada, bob);
  await database.cutEvery(CUT_EVERY_MS);
  const typed = await typing(ada, bob, () => wait(CUTS_MS));
  await database.mend();
  expect(server.log, "the cuts were felt").toMatch(/feed of a table ended.*table=patches/); // said once a minute
  await nothingLost([ada, bob], project, "notes.tex", typed);
});

test("all nodes of the database are gone for a while, and so is the server: pages say so, and everything is sent afterwards", async ({
  database,
  server,
  world: { ada, bob },
}) => {
  const project = await together(ada, bob);
  const settings = await anotherWindow(bob);
  await settings.goto(`${server.url}settings`);
  const profile = settings.getByRole("region", { name: "Profile" });
  await profile.getByLabel("Name", { exact: true }).fill("Bob Noyce");
  const saving = settings.getByRole("status", { name: "State of saving" });
  const typed = await typing(ada, bob, async () => {
    await database.stopNodes();
    const gone = wait(GONE_MS);
    await profile.getByRole("button", { name: "Save name" }).click();
    for (const { page } of [ada, bob]) await expect(savingOf(page, "notes.tex")).toHaveText(NOT_SENT);
    // The server does not know any more who may do what, and says nothing to anybody.
    await expect(saving).toContainText("1 change waits for the connection", { timeout: 15_000 });
    for (const page of [settings, ada.page, bob.page]) {
      await expect(page.getByText(NO_DATABASE)).toBeVisible({ timeout: 20_000 });
      await expect(page.getByText("The server cannot be reached")).toHaveCount(0);
    }
    await gone;
    await database.startNodes();
    await expect(saving).toHaveText("", { timeout: 20_000 });
    for (const { page } of [ada, bob]) {
      await expect(savingOf(page, "notes.tex")).not.toHaveText(NOT_SENT, { timeout: 20_000 });
    }

    await database.stopNodes();
    await wait(1000);
    await server.kill();
    for (const { page } of [ada, bob]) await expect(savingOf(page, "notes.tex")).toContainText("Offline");
    await database.startNodes();
    await server.start();
  });
  await nothingLost([ada, bob], project, "notes.tex", typed);
  expect((await bob.must({ accounts: { id: bob.accountId, name: null } })).row?.["name"]).toBe("Bob Noyce");
});
