import type { Page } from "@playwright/test";
import { command, newTerminal, screenOf, shows, terminalText } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";

const sizeNote = (page: Page, name: string) => page.getByText(new RegExp(`is the size of ${name}’s window\\.`));

/** What the shell itself believes of its width. */
async function width(page: Page): Promise<number> {
  await command(page, "echo col''s=$(tput cols).");
  await shows(page, /cols=\d+\.(?![^]*cols=\$)/);
  return Number([...(await terminalText(page)).matchAll(/cols=(\d+)\./g)].at(-1)?.[1]);
}

/** One types, the other looks on: nothing shrinks, nothing is garbled, and it is said whose size it is. */
test("T6 T7 two people with windows of different sizes share a terminal, and reload it", async ({
  world: { ada, bob },
}) => {
  test.setTimeout(120_000);
  const project = await ada.createProject("Shared");
  await ada.addMember(project, bob, "editor");
  await ada.page.setViewportSize({ width: 1280, height: 900 });
  await bob.page.setViewportSize({ width: 800, height: 500 });
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  await bob.page.goto(ada.page.url());
  await shows(bob.page, /\$ ?$/m);

  // Ada decides; the caret of her taller screen is in view of Bob's window.
  const wide = await width(ada.page);
  await command(ada.page, "clear; seq 60; echo al''l");
  await shows(bob.page, /all/);
  await expect(sizeNote(bob.page, "Ada")).toBeVisible();
  await expect(sizeNote(ada.page, "")).toHaveCount(0);
  await expect
    .poll(() => screenOf(bob.page).evaluate((host) => host.scrollHeight - host.clientHeight - host.scrollTop))
    .toBeLessThan(40);

  // Bob types: it is his now. A line longer than his is edited, which is only readable at his width.
  const narrow = await width(bob.page);
  expect(narrow).toBeLessThan(wide);
  await expect(sizeNote(ada.page, "Bob")).toBeVisible();
  await expect(sizeNote(bob.page, "Ada")).toHaveCount(0);
  const words = `: ${"wrapped words ".repeat(12)}`;
  await command(bob.page, `${words}; echo do''ne`);
  await shows(bob.page, /done/);
  await command(ada.page, "echo ad''a");
  await shows(ada.page, /ada/);
  await expect.poll(() => width(ada.page)).toBe(wide);
  for (const { page } of [ada, bob]) {
    await page.reload();
    await shows(page, /cols=[^]*done[^]*ada/);
    expect(await terminalText(page)).toContain(`${words}; echo do''ne`);
  }

  // Who stays decides when the other leaves.
  await width(ada.page);
  await expect(sizeNote(bob.page, "Ada")).toBeVisible();
  await ada.page.goto(`${ada.server.url}projects`);
  await expect(sizeNote(bob.page, "Ada")).toHaveCount(0);
});

/** A program that has the whole screen must find it as it was, and what was typed into nothing must not come later. */
test("T4 T6 a program goes on over a crash of the server and a reload, in the modes that it chose", async ({
  world: { server, ada },
}) => {
  test.setTimeout(120_000);
  await ada.goto(`projects/${await ada.createProject("Modes")}`);
  await newTerminal(ada.page);
  await command(ada.page, "printf '\\e[?1049h\\e[?1h\\e[?2004h\\e[3;5Hwhole screen\\r\\n'; cat -v");
  await shows(ada.page, /^ {4}whole screen$/m);
  await server.kill();
  await expect(ada.page.getByText("Offline", { exact: true }).filter({ visible: true }).first()).toBeVisible();
  await screenOf(ada.page).click();
  await ada.page.keyboard.type("lost");
  await expect(ada.page.getByText(/What you typed was not sent/)).toBeVisible();
  await server.start();
  const inModes = async () => {
    await expect(ada.page.getByText("Connected").filter({ visible: true })).toBeVisible({ timeout: 40_000 });
    await shows(ada.page, /^ {4}whole screen$/m);
    await screenOf(ada.page).click();
    await ada.page.keyboard.press("ArrowUp");
    await ada.page.keyboard.press("Enter");
  };
  await inModes();
  await shows(ada.page, /^\^\[OA$/m);
  await ada.page.reload();
  await inModes();
  await shows(ada.page, /^\^\[OA\n(.*\n)*\^\[OA$/m);
  expect(await terminalText(ada.page)).not.toContain("lost");
  expect(await terminalText(ada.page)).not.toContain("cat -v"); // that is on the other screen
});

/** Copy and paste as hands expect, where the page may not read the clipboard; a web page's text does not go on as if typed. */
test("Ctrl-C copies what is selected, Ctrl-V pastes it, and a paste cannot leave its brackets", async ({
  world: { ada },
}) => {
  test.setTimeout(90_000);
  await ada.context.clearPermissions();
  await ada.goto(`projects/${await ada.createProject("Copies")}`);
  await newTerminal(ada.page);
  await command(ada.page, "clear; echo copy''me");
  await shows(ada.page, /^copyme/m);
  await ada.page.locator(".xterm-screen").dblclick({ position: { x: 20, y: 8 } });
  await ada.page.keyboard.press("Control+c");
  await ada.page.keyboard.type("echo twice ");
  await ada.page.keyboard.press("Control+v");
  await ada.page.keyboard.press("Enter");
  await shows(ada.page, /^twice copyme/m);
  await ada.page.keyboard.type("echo be''gun; sleep 1000\n");
  await shows(ada.page, /^begun/m);
  await ada.page.keyboard.press("Control+c");
  await ada.page.keyboard.type("echo ba''ck\n");
  await shows(ada.page, /^back/m);

  const paste = (text: string) =>
    screenOf(ada.page)
      .locator("textarea")
      .evaluate((element, words) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", words);
        element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }, text);
  await paste("echo one\x1b[201~\necho carried''out\n");
  await shows(ada.page, /\[201~\n.*carried''out/); // bash shows both lines, and waits for Enter
  await ada.page.keyboard.press("Control+c");
  await command(ada.page, "echo en''d");
  await shows(ada.page, /^end/m);
  expect(await terminalText(ada.page)).not.toContain("carriedout");
});
