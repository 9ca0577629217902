import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { caretBehind, openFile, saved, wholeText } from "./fixtures/editor";
import type { Person } from "./fixtures/person";
import { uploadSlides } from "./fixtures/slides";
import { command, newTerminal, shows } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";

/** How long both type at once, in each of two ways. */
const TYPING_MS = 15_000;

/** Types letters until the time is over; returns what was typed. */
async function typeFor(person: Person, letter: string, ms: number): Promise<string> {
  const end = Date.now() + ms;
  let typed = "";
  for (let i = 0; Date.now() < end; i++) {
    const word = i % 6 === 5 ? `${letter} ` : letter;
    await person.page.keyboard.type(word, { delay: 35 });
    typed += word;
  }
  return typed;
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

/** The main job, on the real input. */
test("two people edit the slides at once and build them in a shared terminal", async ({ world: { ada, bob } }) => {
  test.setTimeout(300_000);
  const project = await ada.createProject("Slides");
  await ada.addMember(project, bob, "editor");
  await uploadSlides(ada, project);
  for (const person of [ada, bob]) {
    await person.goto(`projects/${project}`);
    await openFile(person.page, "slides.tex");
    await saved(person.page, "slides.tex");
  }

  const sentence = "Ada typed this while Bob was looking on.";
  await caretBehind(ada.page, "slides.tex", "I started in 2004");
  await ada.page.keyboard.type(`. ${sentence} `);
  await caretBehind(bob.page, "slides.tex", "4000+ daily active");
  await bob.page.keyboard.type(" ");
  const apart = await Promise.all([typeFor(ada, "Ä", TYPING_MS), typeFor(bob, "Ö", TYPING_MS)]);
  await caretBehind(bob.page, "slides.tex", sentence);
  const together = await Promise.all([typeFor(ada, "Ä", TYPING_MS), typeFor(bob, "Ö", TYPING_MS)]);

  await saved(ada.page, "slides.tex");
  await saved(bob.page, "slides.tex");
  const file = (await ada.download(project, "slides.tex")).toString();
  expect(await wholeText(ada.page, "slides.tex")).toBe(file);
  expect(await wholeText(bob.page, "slides.tex")).toBe(file);
  expect(count(file, "Ä"), "what Ada typed").toBe(count(apart[0] + together[0], "Ä"));
  expect(count(file, "Ö"), "what Bob typed").toBe(count(apart[1] + together[1], "Ö"));

  await newTerminal(ada.page);
  await bob.page.goto(ada.page.url());
  await shows(bob.page, /\$ ?$/m);
  await command(ada.page, "latexmk -pdf -interaction=nonstopmode slides.tex; echo build ended with $?.");
  await shows(bob.page, /build ended with 0\./, 120_000);

  const downloading = ada.page.waitForEvent("download");
  await openFile(ada.page, "slides.pdf");
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("slides.pdf");
  const folder = mkdtempSync(join(tmpdir(), "lyceum-pdf-"));
  const pdf = join(folder, "slides.pdf");
  await download.saveAs(pdf);
  const words = execFileSync("pdftotext", [pdf, "-"], { encoding: "utf8" }).replace(/\s+/g, " ");
  rmSync(folder, { recursive: true });
  expect(words).toContain(sentence);
});
