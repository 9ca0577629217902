import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { type TableName, TABLES } from "../src/wire/types.gen";
import { filtersOf, getsOf, type Ids, inventedIds, keySetsOf, ONLY_SET, said, setsOf } from "./fixtures/asking";
import { saved, textOf } from "./fixtures/editor";
import { Frames } from "./fixtures/frames";
import { send, sentence, upgrade } from "./fixtures/http";
import { Person } from "./fixtures/person";
import { newTerminal, screenOf, shows } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";
import { anotherWindow } from "./fixtures/window";
import { type Answer, inJSON, Wire } from "./fixtures/wire";

test.describe.configure({ timeout: 120_000 });

/** What everything that belongs to somebody's sign-in or role must end within (W5). */
const WITHIN_MS = 1000;

/** Types one letter after the other, until told to stop. */
async function typeOn(page: Page, stop: () => boolean): Promise<void> {
  while (!stop()) await page.keyboard.type("b", { delay: 20 });
}

/** A command in a line of its own, whatever Bob has left in this one. */
async function typeAfterwards(page: Page): Promise<void> {
  await page.keyboard.press("Control+u");
  await page.keyboard.type("echo printed-after-$((6*7))\n");
}

function lastOf(messages: Answer[], id: number): Answer | undefined {
  return messages.filter((one) => one.id === id).at(-1);
}

// A collaborator who has been removed is a stranger: what the others write
// from then on is not for his eyes, whatever he has open.
test("who is removed while he watches and types loses everything within a second", async ({
  browser,
  server,
  world: { ada, bob },
}) => {
  const gone = "This project is not open to you";
  const carol = await Person.signUp(browser, server, "Carol", await ada.invite());
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "editor");
  await ada.addMember(project, carol, "viewer");
  await ada.upload(project, "notes.md", "A line.\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const terminalPath = ada.page.url().slice(server.url.length);
  const socketPath = `api/${terminalPath}/socket`;
  const adaWrites = await anotherWindow(ada);
  await adaWrites.goto(`${server.url}projects/${project}/edit/notes.md`);
  await saved(adaWrites, "notes.md");

  // Bob and Carol have the same open: a document, a terminal, the files beside them.
  const watching = async (person: Person) => {
    const pages = [person.page, await anotherWindow(person)] as const;
    const frames = pages.map((page) => new Frames(page));
    await pages[0].goto(`${server.url}projects/${project}/edit/notes.md`);
    await pages[1].goto(server.url + terminalPath);
    await saved(pages[0], "notes.md");
    await shows(pages[1], /\$ ?$/m);
    for (const page of pages) await expect(page.locator('[data-name="notes.md"]')).toBeVisible();
    return { pages, frames, have: (words: string) => frames.some((one) => one.have(words)) };
  };
  const [his, hers] = [await watching(bob), await watching(carol)];
  // Beside his pages, which close what they have open, a program that does not.
  const shell = await Wire.open(bob, socketPath);
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
  await textOf(his.pages[0], "notes.md").click();
  await screenOf(his.pages[1]).click();
  const typing = his.pages.map((page) => typeOn(page, () => removed));
  await expect(textOf(adaWrites, "notes.md")).toContainText("bbbbb");
  await shows(ada.page, /bbbbb/);
  await textOf(adaWrites, "notes.md").click();
  await screenOf(ada.page).click();
  const owner = await Wire.open(ada);

  const { at } = await owner.must({ members: { project_id: project, account_id: bob.accountId } }, { delete: true });
  await Promise.all([
    adaWrites.keyboard.insertText("text-after-the-end "),
    typeAfterwards(ada.page),
    owner.must({ projects: { id: project, title: "title-after-the-end" } }),
    owner.must({
      file_actions: { id: "new", project_id: project, action: "create_file", path: "file-after-the-end.txt" },
    }),
  ]);
  for (const page of his.pages) await expect(page.getByText(gone)).toBeVisible();
  removed = true;
  await Promise.all(typing);

  const { code, at: endedAt } = await shell.end();
  expect(code).toBe(4404);
  expect(endedAt - at, "the terminal closes").toBeLessThan(WITHIN_MS);
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

  expect(Buffer.concat(await shell.bytes()).toString()).toContain("bbbbb");
  expect(Buffer.concat(await shell.bytes()).toString()).not.toContain("printed-after");

  // Each of his watches has told him that its rows are gone, or has ended.
  const heard = await wire.messages();
  expect(JSON.stringify(heard)).not.toContain("after-the-end");
  for (let id = 2; id <= questions; id++) {
    const last = lastOf(heard, id);
    const table = tables[id - 2] ?? "";
    const ended = last?.error?.kind ?? last?.changes?.map(({ action }) => action).join(" ");
    expect(ended, `the last of ${table}`).toMatch(/^(not_found|delete( delete)*)$/);
    expect((last?.at ?? Infinity) - at, table).toBeLessThan(WITHIN_MS);
  }
  expect((await wire.ask({ projects: { id: project, title: null } })).row).toBeNull();
});

/** Ids and names must not be of use to who is not in the project: there is nothing to be learned by asking. */
test("a stranger who knows all ids gets nothing, and cannot tell that it exists", async ({
  browser,
  server,
  world: { ada, bob },
}) => {
  const project = await ada.createProject("Numbers");
  await ada.upload(project, "notes.md", "Words of Ada.\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const terminal = ada.page.url().split("/").at(-1) ?? "";
  await ada.goto(`projects/${project}/edit/notes.md`);
  await saved(ada.page, "notes.md");
  await textOf(ada.page, "notes.md").click();
  await ada.page.keyboard.type("More. ");
  await saved(ada.page, "notes.md");
  const hers = await Wire.open(ada);
  const { row: action } = await hers.must({
    file_actions: { id: "new", project_id: project, action: "create_file", path: "made.txt" },
  });
  const { rows: cursors } = await hers.must({
    cursors: [{ project_id: project, document_id: null, connection_id: null }],
  });
  await hers.must({ project_limits: { project_id: project, cpus: 2 } });
  await hers.ask({ project_usage: { project_id: project, limits: null } }, { changes: true });
  const { row: key } = await hers.must({
    api_keys: { id: "new", name: "Grades", scope: "project", project_id: project, read_only: true },
  });
  const real: Ids = {
    project,
    terminal,
    document: cursors?.[0]?.["document_id"] as string,
    connection: cursors?.[0]?.["connection_id"] as string,
    action: action?.["id"] as string,
    account: ada.accountId,
    key: key?.["id"] as string,
  };
  const none = inventedIds();
  const withProject = Object.keys(TABLES).filter(
    (table) =>
      (table === "projects" || TABLES[table as TableName].fields.includes("project_id")) &&
      !ONLY_SET.includes(table as TableName),
  );
  expect(Object.keys(filtersOf(real)).toSorted(), "every table of a project is asked for").toEqual(
    withProject.toSorted(),
  );

  await test.step("by asking", async () => {
    const his = await Wire.open(bob);
    const nobody = await browser.newContext();
    const nobodys = await Wire.open({ server, context: nobody });
    const inventedGets = getsOf(none);
    for (const [index, { table, query }] of getsOf(real).entries()) {
      const there = await hers.ask(query);
      if (table !== "members")
        expect(there.rows?.length ?? there.row, `Ada sees ${JSON.stringify(query)}`).toBeTruthy();
      for (const wire of [his, nobodys]) {
        const got = await wire.ask(query);
        expect(got.rows ?? [], JSON.stringify(query)).toEqual([]);
        expect(got.row ?? null, JSON.stringify(query)).toBeNull();
        expect(said(got), JSON.stringify(query)).toEqual(said(await wire.ask(inventedGets[index]?.query)));
      }
    }
    const { rows } = await his.must({ collaborators: [{ id: null, name: null }] });
    expect(rows?.map(({ id }) => id)).toEqual([bob.accountId]);
    await nobody.close();
    await his.close();
  });

  await test.step("by watching", async () => {
    const his = await Wire.open(bob);
    for (const ids of [real, none]) {
      for (const { query } of getsOf(ids)) await his.ask(query, { changes: true });
    }
    await ada.page.keyboard.type("Words that Bob must not see.");
    await hers.must({ projects: { id: project, title: "Secret numbers" } });
    await hers.must({ terminals: { id: terminal, title: "Secret shell" } });
    await hers.must({ file_actions: { id: "new", project_id: project, action: "create_file", path: "secret.txt" } });
    await saved(ada.page, "notes.md");
    await his.must({ accounts: { id: bob.accountId, name: "Robert" } });
    const messages = await his.messages();
    expect(messages.filter(({ op }) => op === "change")).toEqual([]);
    expect(
      messages.flatMap(({ rows, row }) => rows ?? (row ? [row] : [])).filter(({ id }) => id !== bob.accountId),
    ).toEqual([]);
    const answers = messages.slice(1, -1).map((message) => JSON.stringify(said(message)));
    expect(answers.slice(answers.length / 2)).toEqual(answers.slice(0, answers.length / 2));
    await his.close();
  });

  await test.step("by setting", async () => {
    const his = await Wire.open(bob);
    const invented = [...setsOf(none, bob), ...keySetsOf(none)];
    for (const [index, { query, options }] of [...setsOf(real, bob), ...keySetsOf(real)].entries()) {
      const got = await his.ask(query, options);
      // What is not there is deleted already: that is acknowledged without a row.
      const outcome = got.error?.kind ?? `row ${JSON.stringify(got.row)}`;
      expect(outcome, JSON.stringify(query)).toMatch(/^(not_found|invalid|row null)$/);
      expect(said(got)).toEqual(said(await his.ask(invented[index]?.query, invented[index]?.options)));
    }
    await his.close();
    const { row } = await hers.must({ projects: { id: project, title: null, users: {}, state: {} } });
    expect(row).toMatchObject({ title: "Secret numbers", state: { state: "running" } });
    expect(Object.keys(row?.["users"] as object)).toEqual([ada.accountId]);
    const { rows } = await hers.must({ terminals: [{ project_id: project, id: null, title: null }] });
    expect(rows).toEqual([{ project_id: project, id: terminal, title: "Secret shell" }]);
  });

  await test.step("by files and terminals", async () => {
    const origin = new URL(server.url).origin;
    const ask = async (method: string, ids: Ids, name: string) => {
      const path = `/api/projects/${ids.project}/files/${name}`;
      const { status, body } = await send(bob, method, path, {
        headers: { Origin: origin },
        body: method === "PUT" ? "x" : "",
      });
      return { status, body: body.toString() };
    };
    for (const method of ["GET", "PUT"]) {
      for (const name of ["notes.md", "nothing.md"]) {
        const got = await ask(method, real, name);
        expect(got.status).toBe(404);
        expect(got).toEqual(await ask(method, none, name));
      }
    }
    const ends = [];
    for (const ids of [real, { ...real, terminal: none.terminal }, none]) {
      const his = await Wire.open(bob, `api/projects/${ids.project}/terminals/${ids.terminal}/socket`);
      const { code, reason } = await his.end();
      expect(await his.bytes()).toEqual([]);
      expect(await his.messages()).toEqual([]);
      ends.push({ code, reason });
      await his.close();
    }
    expect(ends[0]?.code).toBe(4404);
    expect(ends.slice(1)).toEqual([ends[0], ends[0]]);
  });
});

/** Who may only read must not write by any way, whatever the page shows. */
test("a viewer reads everything and writes nothing", async ({ server, world: { ada, bob } }) => {
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "viewer");
  const hers = await Wire.open(ada);
  await hers.must({ project_limits: { project_id: project, cpus: 2 } }); // that he could remove
  await hers.close();
  await ada.upload(project, "notes.md", "Words of Ada.\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const terminal = ada.page.url().split("/").at(-1) ?? "";
  await ada.page.keyboard.type("echo seen-$((6*7))\n");
  await shows(ada.page, /seen-42/);

  await bob.goto(`projects/${project}/edit/notes.md`);
  const text = textOf(bob.page, "notes.md");
  await expect(text).toContainText("Words of Ada.");
  await expect(text).toHaveAttribute("aria-readonly", "true");
  await expect(bob.page.getByText("You may read this file.")).toBeVisible();
  await text.click();
  await bob.page.keyboard.type("Bob was here");
  await expect(text).toHaveText("Words of Ada.");
  for (const name of ["New file", "New folder", "Upload files", "New terminal"]) {
    await expect(bob.page.getByRole("button", { name })).toBeDisabled();
  }
  await bob.goto(`projects/${project}/terminals/${terminal}`);
  await shows(bob.page, /seen-42/);
  await expect(bob.page.getByText("You may look on.")).toBeVisible();

  const his = await Wire.open(bob);
  const { row: open } = await his.must({
    document_states: {
      project_id: project,
      path: "notes.md",
      document_id: null,
      seq: null,
      update: null,
      read_only: null,
    },
  });
  expect(open).toMatchObject({ read_only: true });
  const document = open?.["document_id"] as string;
  const ids: Ids = { project, document, terminal, account: ada.accountId, action: "", connection: "", key: "" };
  const mayDo = [
    JSON.stringify({ projects: { id: project, action_request: { action: "start" } } }), // opening a project starts it
    JSON.stringify({ cursors: { document_id: document, position: inJSON(Buffer.from("{}")) } }),
    JSON.stringify({ project_visits: { project_id: project } }), // reading is using it
  ];
  for (const { query, options } of setsOf(ids, bob)) {
    const { error } = await his.ask(query, options);
    if (mayDo.includes(JSON.stringify(query))) expect(error, JSON.stringify(query)).toBeUndefined();
    else expect(error?.kind, JSON.stringify(query)).toMatch(/^(denied|not_found|invalid)$/);
  }
  const origin = new URL(server.url).origin;
  for (const path of ["bob.txt", "notes.md?overwrite=1"]) {
    const put = await send(bob, "PUT", `/api/projects/${project}/files/${path}`, {
      headers: { Origin: origin },
      body: "Bob",
    });
    expect(put.status).toBe(403);
    expect(sentence(put)).toMatch(/^[A-Z].+\.$/);
  }
  expect((await bob.download(project, "notes.md")).toString()).toBe("Words of Ada.\n");

  const typing = await Wire.open(bob, `api/projects/${project}/terminals/${terminal}/socket`);
  await typing.until(({ op }) => op === "hello");
  await typing.send(Buffer.from("touch typed-by-bob\n"));
  await typing.send(JSON.stringify({ op: "restart" }));
  expect((await typing.until(({ op }) => op === "refused")) as object).toHaveProperty("message");
  await ada.page.keyboard.type("echo end-$((6*7)); ls\n");
  await shows(ada.page, /end-42/);
  await shows(bob.page, /end-42/);

  const { rows } = await his.must(
    { directories: [{ project_id: project, path: "", entries: {}, time: null }] },
    { changes: true },
  );
  const listed = async () =>
    (await his.messages()).flatMap(({ rows, changes }) => rows ?? changes?.map((one) => one.new_val) ?? []);
  await expect
    .poll(async () => Object.keys((((await listed()).at(-1) ?? rows?.[0])?.["entries"] ?? {}) as object))
    .toContain("notes.md");
  const names = Object.keys(((await listed()).at(-1)?.["entries"] ?? {}) as object).filter(
    (name) => !name.startsWith("."),
  );
  expect(names).toEqual(["notes.md"]);
  const { row } = await his.must({ projects: { id: project, title: null, users: {} } });
  expect(row).toMatchObject({ title: "Numbers", users: { [bob.accountId]: { role: "viewer" } } });
});

/** A page of another site carries the cookie of who looks at it: without these refusals it could do all that he may. */
test("what pages of other origins ask is refused", async ({ server, world: { ada } }) => {
  const project = await ada.createProject("Numbers");
  await ada.upload(project, "notes.md", "Words of Ada.\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const terminal = ada.page.url().split("/").at(-1) ?? "";
  const { origin, host, port } = new URL(server.url);
  const sockets = ["/ws", `/api/projects/${project}/terminals/${terminal}/socket`];
  const file = `/api/projects/${project}/files/notes.md`;

  // Another port of the same machine: the browser takes it for the same site and sends the cookie.
  const other = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html>"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const page = await ada.context.newPage();
  try {
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    for (const path of sockets) {
      const opened = await page.evaluate(async (url) => {
        const socket = new WebSocket(url, url.endsWith("/ws") ? "lyceum.json" : []);
        return new Promise((resolve) => {
          socket.onopen = () => resolve("opened");
          socket.onerror = () => resolve("refused");
        });
      }, `ws://${host}${path}`);
      expect(opened, path).toBe("refused");
    }
    // Whether it may read the answers is another question: what it asks must not be done.
    await page.evaluate(async (url) => {
      const post = (mode: RequestMode) =>
        fetch(`${url}auth/sign-out`, { method: "POST", mode, credentials: "include" });
      await Promise.allSettled([post("no-cors"), post("cors")]);
    }, server.url);
    await page.goto(`http://localhost:${port}/healthz`); // another name of the same server is another origin, too
    expect(
      await page.evaluate(async (url) => fetch(url, { credentials: "include" }).catch(() => "refused"), server.url),
    ).toBe("refused");
  } finally {
    await page.close();
    await new Promise((resolve) => other.close(resolve));
  }

  const foreign = [
    "http://evil.example",
    `http://localhost:${port}`,
    "http://127.0.0.1:1",
    `http://${host}.evil.example`,
    "null",
  ];
  for (const path of sockets) {
    expect((await upgrade(ada, path, origin, path === "/ws" ? "lyceum.json" : undefined)).status).toBe(101);
    for (const from of foreign) {
      const refused = await upgrade(ada, path, from, path === "/ws" ? "lyceum.json" : undefined);
      expect(refused.status, `${path} from ${from}`).toBe(403);
      expect(sentence(refused)).toContain("This comes from another site");
    }
  }
  for (const from of foreign) {
    const headers = { Origin: from, "Content-Type": "application/json" };
    const put = await send(ada, "PUT", `${file}?overwrite=1`, { headers, body: "evil" });
    const post = await send(ada, "POST", "/auth/sign-out", { headers, body: "{}" });
    expect([put.status, post.status], from).toEqual([403, 403]);
    expect(sentence(put)).toContain("This comes from another site");
  }
  expect((await ada.download(project, "notes.md")).toString(), "still signed in, still her words").toBe(
    "Words of Ada.\n",
  );
});

/** Who signs out at one place wants to be signed out: of the other tabs, too. */
test("signing out in one tab closes what the other tabs have open within a second", async ({
  server,
  world: { ada },
}) => {
  const project = await ada.createProject("Numbers");
  await ada.upload(project, "notes.md", "Words of Ada.\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const terminal = ada.page.url().split("/").at(-1) ?? "";
  const wires = [await Wire.open(ada), await Wire.open(ada, `api/projects/${project}/terminals/${terminal}/socket`)];
  const document = await ada.context.newPage();
  await document.goto(`${server.url}projects/${project}/edit/notes.md`);
  await saved(document, "notes.md");

  const leaving = await ada.context.newPage();
  await leaving.goto(`${server.url}projects`);
  await leaving.getByRole("button", { name: "Account: Ada" }).click();
  const signedOut = leaving.waitForResponse((response) => response.url().endsWith("auth/sign-out"));
  await leaving.getByRole("menuitem", { name: "Sign out" }).click();
  await (await signedOut).finished();
  const at = Date.now();

  for (const wire of wires) {
    const end = await wire.end();
    expect(end.code).toBe(4401);
    expect(end.reason).toMatch(/sign in/);
    expect(end.at - at).toBeLessThan(WITHIN_MS);
  }
  for (const page of [leaving, ada.page, document]) {
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  }
  const download = await send(ada, "GET", `/api/projects/${project}/files/notes.md`);
  expect(download.status).toBe(403);
  expect(sentence(download)).toContain("sign in");
});
