import { command, newTerminal, screenOf, shows, terminalText } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";

/** "open" must show the file to who asked for it, and pull nobody else away. */
test("open FILE in the shell opens it beside the terminal of who typed it, and nowhere else", async ({
  world: { ada, bob },
}) => {
  test.setTimeout(120_000);
  const project = await ada.createProject("Shell");
  await ada.addMember(project, bob, "editor");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const address = ada.page.url();
  await bob.page.goto(address);
  await shows(bob.page, /\$ ?$/m);

  await command(
    ada.page,
    "mkdir src && cd src && printf 'one\\ntwo\\nthree\\n' > 'a b.txt' && open 'a b.txt:2'; echo st''atus $?",
  );
  await shows(ada.page, /status 0/);
  await expect(ada.page.getByRole("region", { name: "a b.txt" })).toBeVisible();
  await expect(screenOf(ada.page)).toBeVisible(); // beside it
  await expect(ada.page.locator(".cm-activeLine")).toHaveText("two");
  expect(bob.page.url()).toBe(address);
  await expect(bob.page.getByRole("region", { name: "a b.txt" })).toHaveCount(0);

  // Bob types last: it is his page that opens now.
  await command(bob.page, "open nothing.txt; echo st''ill $?; open 'a b.txt'");
  await shows(bob.page, /open: There is no file nothing\.txt\./);
  await shows(bob.page, /still 1/);
  await expect(bob.page.getByRole("region", { name: "a b.txt" })).toBeVisible();

  // What is printed opens nothing, whatever it looks like.
  await command(
    bob.page,
    "echo secret > other.txt; printf '\\e]7;open other.txt\\a\\e]8;;open:other.txt\\aother\\e]8;;\\a'; echo qui''et",
  );
  await shows(bob.page, /quiet/);
  await expect(bob.page.getByRole("region", { name: "other.txt" })).toHaveCount(0);

  // The frames keep their width: by the keyboard, and over a reload.
  const bar = ada.page.getByRole("separator", { name: "Width of frame 1" });
  await bar.focus();
  for (let i = 0; i < 3; i++) await ada.page.keyboard.press("ArrowLeft");
  const width = (await screenOf(ada.page).boundingBox())?.width ?? 0;
  await ada.page.reload();
  await shows(ada.page, /status 0/);
  await expect
    .poll(async () => Math.round((await screenOf(ada.page).boundingBox())?.width ?? 0))
    .toBe(Math.round(width));
});

/** A file from the desktop lands where the shell is; who pastes a script by mistake is asked. */
test("files are dropped where the shell is, many lines are asked about, 100,000 lines stay", async ({
  world: { ada },
}) => {
  test.setTimeout(180_000);
  await ada.goto(`projects/${await ada.createProject("Drops")}`);
  await newTerminal(ada.page);
  await command(ada.page, "mkdir deep; cd deep; rm -f gone; PS1='> '; echo he''re");
  await shows(ada.page, /here/);
  const data = await ada.page.evaluateHandle(() => {
    const made = new DataTransfer();
    made.items.add(new File(["dropped words"], "my notes.txt"));
    return made;
  });
  await screenOf(ada.page).dispatchEvent("drop", { dataTransfer: data });
  await shows(ada.page, /> 'my notes\.txt' $|> 'my notes\.txt'/);
  await ada.page.keyboard.press("Home");
  await ada.page.keyboard.type("cat ");
  await ada.page.keyboard.press("Enter");
  await shows(ada.page, /dropped words/);

  // cat has no bracketed paste. The clipboard comes by the browser's own event, as where reading it is denied.
  await command(ada.page, "cat > pasted.txt");
  const paste = (text: string) =>
    screenOf(ada.page)
      .locator("textarea")
      .evaluate((element, words) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", words);
        element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }, text);
  await expect.poll(async () => (await terminalText(ada.page)).includes("cat > pasted.txt")).toBe(true);
  await paste("first\nsecond\n");
  const dialog = ada.page.getByRole("dialog", { name: "Paste 2 lines?" });
  await dialog.getByRole("button", { name: "Paste" }).click();
  await expect(dialog).toBeHidden();
  await ada.page.keyboard.press("Control+d");
  await command(ada.page, "wc -l pasted.txt");
  await shows(ada.page, /2 pasted\.txt/);

  await command(ada.page, "clear; seq -f 'line %.0f end' 100000; echo al''l");
  await shows(ada.page, /all/, 60_000);
  await ada.page.reload();
  await shows(ada.page, /all/, 60_000);
  const text = await terminalText(ada.page);
  for (const line of [50, 50_000, 100_000]) expect(text).toContain(`line ${line} end`);
});

test.describe("where an ordinary user serves", () => {
  test.use({ user: 65_534, flags: ["--isolation", "unprivileged"] });

  test("open FILE opens it, too", async ({ world: { ada } }) => {
    test.setTimeout(120_000);
    await ada.goto(`projects/${await ada.createProject("Laptop")}`);
    await newTerminal(ada.page);
    await command(ada.page, "mkdir src; cd src; echo one > a.txt; open a.txt:1; echo st''atus $?");
    await shows(ada.page, /status 0/);
    await expect(ada.page.getByRole("region", { name: "a.txt" })).toBeVisible();
  });
});
