import { saved, savingOf } from "./fixtures/editor";
import { command, newTerminal, shows, terminalText } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";
import { beginTyping, nothingLost, typeWords } from "./fixtures/typing";

/** How often the server is killed. */
const KILLS = 10;

/** What a crash of the server must not cost: text, and the shell. */
test("the server is killed ten times while two people type, and nothing is lost or doubled", async ({
  server,
  world: { ada, bob },
}) => {
  test.setTimeout(300_000);
  const project = await ada.createProject("Crash");
  await ada.addMember(project, bob, "editor");
  await ada.upload(project, "notes.tex", "first line\n\nlast line\n");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  await command(ada.page, "KEPT=$((6*7)); export KEPT; echo shell $$ | tee pid.txt");
  await shows(ada.page, /shell \d+/);
  const terminal = ada.page.url();
  for (const person of [ada, bob]) {
    await person.goto(`projects/${project}/edit/notes.tex`);
    await saved(person.page, "notes.tex");
  }
  await beginTyping(ada, "notes.tex", "Home");
  await beginTyping(bob, "notes.tex", "End");

  let stop = false;
  const typing = Promise.all([typeWords(ada, "a", () => stop), typeWords(bob, "b", () => stop)]);
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      // A file is saved a second after a pause or ten after the first edit; the
      // pauses differ, so that the server dies at different places of it.
      await new Promise((resolve) => setTimeout(resolve, 700 + kill * 370));
      await server.kill();
      await server.start();
      await expect(savingOf(ada.page, "notes.tex")).not.toContainText("Offline", { timeout: 20_000 });
      await expect(savingOf(bob.page, "notes.tex")).not.toContainText("Offline", { timeout: 20_000 });
    }
  } finally {
    stop = true;
  }
  const typed = await typing;
  await nothingLost([ada, bob], project, "notes.tex", typed);

  await ada.page.goto(terminal);
  await command(ada.page, "echo kept $KEPT in $$ and $(cat pid.txt)");
  await shows(ada.page, /kept 42 in \d+/);
  const [, now, then] = /kept 42 in (\d+) and shell (\d+)/.exec(await terminalText(ada.page)) ?? [];
  expect(now).toBe(then);
});
