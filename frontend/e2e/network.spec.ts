import type { Page } from "@playwright/test";
import { saved, savingOf, textOf, wholeText } from "./fixtures/editor";
import type { Person } from "./fixtures/person";
import { type Fault, Proxy } from "./fixtures/proxy";
import { expect, test } from "./fixtures/test";

test.describe.configure({ timeout: 90_000 });

/** Pings come often, so that what minutes would show shows in seconds. */
test.use({ flags: ["--ping-every", "1s"] });

/** A project of Ada's with Bob in it, and a file that both have open: Ada through the proxy. */
async function together(ada: Person, bob: Person, proxy: Proxy): Promise<string> {
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "editor");
  await ada.upload(project, "notes.md", "one\n");
  await ada.page.goto(`${proxy.url}projects/${project}/edit/notes.md`);
  await bob.goto(`projects/${project}/edit/notes.md`);
  for (const { page } of [ada, bob]) await expect(textOf(page, "notes.md")).toBeVisible({ timeout: 40_000 });
  return project;
}

/** Ada types at the beginning and Bob at the end, so that no word comes into another. */
async function type({ name, page }: Person, words: string): Promise<void> {
  await textOf(page, "notes.md").click();
  await page.keyboard.press(name === "Ada" ? "Control+Home" : "Control+End");
  await page.keyboard.type(words);
}

/** Both have the same text, which is that of the file: each word of each once. */
async function equal(ada: Person, bob: Person, project: string, words: string[]): Promise<void> {
  for (const { page } of [ada, bob]) {
    for (const word of words) await expect(textOf(page, "notes.md")).toContainText(word, { timeout: 40_000 });
    await saved(page, "notes.md");
  }
  const text = await wholeText(ada.page, "notes.md");
  expect(await wholeText(bob.page, "notes.md")).toBe(text);
  expect((await ada.download(project, "notes.md")).toString()).toBe(text);
  expect(text.split(/\s+/).filter(Boolean).toSorted()).toEqual(["one", ...words].toSorted());
}

/** Demo 1 with Ada behind the proxy: what she changes Bob sees, and the other way round. */
async function names(ada: Person, bob: Person, proxy: Proxy, project: string): Promise<void> {
  await bob.goto(`projects/${project}/settings`);
  await ada.page.goto(`${proxy.url}settings`);
  const profile = ada.page.getByRole("region", { name: "Profile" });
  await profile.getByLabel("Name", { exact: true }).fill("Ada Lovelace", { timeout: 40_000 });
  await profile.getByRole("button", { name: "Save name" }).click();
  const people = bob.page.getByRole("list", { name: "People of this project" });
  await expect(people.getByText("Ada Lovelace", { exact: true })).toBeVisible({ timeout: 40_000 });

  await ada.page.goto(`${proxy.url}projects/${project}/settings`);
  await bob.must({ accounts: { id: bob.accountId, name: "Bob Noyce" } });
  const seen = ada.page.getByRole("list", { name: "People of this project" });
  await expect(seen.getByText("Bob Noyce", { exact: true })).toBeVisible({ timeout: 40_000 });
}

const faults: [string, Fault][] = [
  ["refuses WebSockets", { refuses: true }],
  ["hangs up on WebSockets", { hangsUp: true }],
  ["loses every second frame", { loses: true }],
];

// A school's filter or a virus scanner in between: the page must work, if a little later, and nothing may be lost or doubled.
for (const [what, fault] of faults) {
  test(`behind a proxy that ${what} names change and texts come together`, async ({ server, world: { ada, bob } }) => {
    const proxy = new Proxy(server, fault);
    await proxy.start();
    try {
      const project = await together(ada, bob, proxy);
      await type(ada, "ada1 ada2 ada3 ");
      await type(bob, "bob1 bob2 bob3 ");
      await type(ada, "ada4 ");
      await equal(ada, bob, project, ["ada1", "ada2", "ada3", "ada4", "bob1", "bob2", "bob3"]);
      await names(ada, bob, proxy, project);
      expect(proxy.upgrades).toBeGreaterThanOrEqual(2); // it was tried
      if ("loses" in fault) expect(proxy.lost).toBeGreaterThanOrEqual(2);
    } finally {
      proxy.stop();
    }
  });
}

// Neither way works then: whoever waits must learn that it is the network, since only who runs that can help.
test("behind a proxy that holds back what the server says, the page says so", async ({ server, world: { ada } }) => {
  const proxy = new Proxy(server, { refuses: true, holdsBack: true });
  await proxy.start();
  try {
    await ada.page.goto(`${proxy.url}projects`);
    await expect(ada.page.getByText(/perhaps a proxy, holds back what the server says/)).toBeVisible({
      timeout: 30_000,
    });
  } finally {
    proxy.stop();
  }
});

/** Whether the page says that it has no connection. */
const offline = (page: Page) => page.getByText("Offline", { exact: true });

test("pings keep a connection open through a proxy that closes what is silent", async ({
  server,
  world: { ada, bob },
}) => {
  const proxy = new Proxy(server, { closesAfterMs: 3000 });
  await proxy.start();
  try {
    const project = await together(ada, bob, proxy);
    await saved(ada.page, "notes.md");
    const before = proxy.upgrades;
    // Other connections of the browser are closed meanwhile: by then this one would have been.
    await expect.poll(() => proxy.closed, { timeout: 20_000 }).toBeGreaterThan(0);
    await type(bob, "bob1 ");
    await equal(ada, bob, project, ["bob1"]);
    expect(proxy.upgrades).toBe(before);
  } finally {
    proxy.stop();
  }
});

test.describe("with pings that are too rare for a proxy", () => {
  test.use({ flags: [] });

  test("a connection that it closes is made again, and nothing is lost or doubled", async ({
    server,
    world: { ada, bob },
  }) => {
    const proxy = new Proxy(server, { closesAfterMs: 1000 });
    await proxy.start();
    try {
      const project = await together(ada, bob, proxy);
      const before = proxy.upgrades;
      await expect.poll(() => proxy.upgrades, { timeout: 20_000 }).toBeGreaterThan(before + 1);
      await type(bob, "bob1 ");
      await type(ada, "ada1 ");
      await equal(ada, bob, project, ["ada1", "bob1"]);
      await expect(offline(ada.page)).toHaveCount(0);
    } finally {
      proxy.stop();
    }
  });
});

// A laptop that is closed and opened: no socket is closed, no timer runs, and the server has long given the tab up.
test("a page that was suspended goes on where it was, and sends what waited", async ({
  server,
  world: { ada, bob },
}) => {
  const proxy = new Proxy(server);
  await proxy.start();
  try {
    const project = await together(ada, bob, proxy);
    await saved(ada.page, "notes.md");
    await expect(bob.page.getByText("Ada", { exact: true }).first()).toBeVisible();
    await ada.page.evaluate(() => {
      const pulse = { last: Date.now(), longestMs: 0 };
      Object.assign(window, { pulse });
      setInterval(() => {
        pulse.longestMs = Math.max(pulse.longestMs, Date.now() - pulse.last);
        pulse.last = Date.now();
      }, 10);
    });

    proxy.kill(); // what she types now does not get through
    await type(ada, "ada1 ");
    const debug = await ada.context.newCDPSession(ada.page);
    await debug.send("Debugger.enable");
    const paused = new Promise((resolve) => debug.once("Debugger.paused", resolve));
    await debug.send("Debugger.pause");
    await paused;
    const pausedAt = Date.now();
    await type(bob, "bob1 ");
    await saved(bob.page, "notes.md");
    // The server takes her for gone when nothing has come for its bound: her caret goes.
    const cursors = async () =>
      (await bob.must({ cursors: [{ project_id: project, account_id: ada.accountId, document_id: null }] })).rows;
    await expect.poll(async () => (await cursors())?.length, { timeout: 20_000 }).toBe(0);
    const upgrades = proxy.upgrades;
    const pausedMs = Date.now() - pausedAt;

    await debug.send("Debugger.resume");
    await debug.send("Debugger.disable");
    const pulse = await ada.page.evaluate(() => (window as unknown as { pulse: { longestMs: number } }).pulse);
    expect(pulse.longestMs).toBeGreaterThanOrEqual(pausedMs); // nothing of the page has run
    await equal(ada, bob, project, ["ada1", "bob1"]);
    await expect(savingOf(ada.page, "notes.md")).toHaveText("Saved");
    expect(proxy.upgrades).toBe(upgrades + 1);
    await expect(offline(ada.page)).toHaveCount(0);
  } finally {
    proxy.stop();
  }
});

// Whoever leaves while something is not saved is asked; whoever stays sees how much it is, and that it is saved later.
test("what is not saved is counted, and leaving asks first", async ({ server, world: { ada } }) => {
  const proxy = new Proxy(server);
  await proxy.start();
  try {
    await ada.page.goto(`${proxy.url}settings`);
    const profile = ada.page.getByRole("region", { name: "Profile" });
    const saving = ada.page.getByRole("status", { name: "State of saving" });
    await profile.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
    proxy.kill(); // nobody knows yet
    await profile.getByRole("button", { name: "Save name" }).click();
    await expect(saving).toHaveText("Saving 1 change…");
    proxy.stop();
    await expect(saving).toContainText("1 change waits for the connection", { timeout: 20_000 });

    const asked = new Promise<string>((resolve) => {
      ada.page.once("dialog", (dialog) => {
        resolve(dialog.type());
        void dialog.dismiss(); // and she stays
      });
    });
    await ada.page.close({ runBeforeUnload: true });
    expect(await asked).toBe("beforeunload");

    await proxy.start();
    await ada.page.getByRole("button", { name: "Try now" }).click();
    await expect(saving).toHaveText("");
    await expect(ada.page.getByRole("button", { name: "Account: Ada Lovelace" })).toBeVisible();
    expect((await ada.must({ accounts: { id: ada.accountId, name: null } })).row?.["name"]).toBe("Ada Lovelace");
  } finally {
    proxy.stop();
  }
});
