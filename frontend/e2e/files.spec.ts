import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { openFile, saved, textOf } from "./fixtures/editor";
import { send, sentence } from "./fixtures/http";
import { command, newTerminal, shows } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";
import { Wire } from "./fixtures/wire";

test.describe.configure({ timeout: 120_000 });

/** A sentence for a person: it begins and ends like one; those of the tables may begin with a field. */
const SENTENCE = /^(“|[A-Z]|file_actions\.)[^\n]*[.?]$/;

/** An entry in the list of files. */
function entry(page: Page, name: string): Locator {
  return page.getByRole("region", { name: "Files" }).locator(`[data-name="${name}"]`).first();
}

async function choose(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

/** Drops a file of this machine on the list of files, as a hand does: the browser itself makes the events. */
async function dropFile(page: Page, path: string): Promise<void> {
  const box = await page.getByRole("region", { name: "Files" }).first().boundingBox();
  if (!box) throw new Error("the files are not on the screen");
  const devtools = await page.context().newCDPSession(page);
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver"] as const)
    await devtools.send("Input.dispatchDragEvent", { type, ...at, data });
  await expect(page.getByText("Drop files to upload them into this folder")).toBeVisible();
  await devtools.send("Input.dispatchDragEvent", { type: "drop", ...at, data });
  await devtools.detach();
}

/** Notes every amount that the progress of an upload shows. */
async function noteProgress(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const amounts: number[] = [];
    Object.assign(window, { amounts });
    new MutationObserver(() => {
      const bar = document.querySelector("progress");
      if (bar && amounts.at(-1) !== bar.value) amounts.push(bar.value);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  return () => page.evaluate(() => (window as unknown as { amounts: number[] }).amounts);
}

// An upload whose progress is not seen is started a second time, and one that
// replaces without asking costs somebody's work.
test("uploads show how far they are, ask before they replace, and are seen by the others", async ({
  world: { ada, bob },
}) => {
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "viewer");
  for (const person of [ada, bob]) await person.goto(`projects/${project}`);
  const folder = mkdtempSync(join(tmpdir(), "lyceum-upload-"));
  const size = 3 << 20;
  writeFileSync(join(folder, "large.bin"), Buffer.alloc(size, 7));
  writeFileSync(join(folder, "dropped.txt"), "the first\n");
  await expect(ada.page.getByText("This folder is empty")).toBeVisible({ timeout: 20_000 });

  await test.step("by choosing", async () => {
    const devtools = await ada.context.newCDPSession(ada.page);
    await devtools.send("Network.enable");
    // A line on which one can look on: 3 MiB take about two seconds.
    const line = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 1.5 * 1024 * 1024 };
    await devtools.send("Network.emulateNetworkConditions", line);
    const amounts = await noteProgress(ada.page);
    const chooser = ada.page.waitForEvent("filechooser");
    await ada.page.getByRole("button", { name: "Upload files" }).click();
    await (await chooser).setFiles(join(folder, "large.bin"));
    await expect(ada.page.getByRole("progressbar", { name: "Uploading large.bin" })).toBeVisible();
    await expect(ada.page.getByRole("img", { name: "large.bin is uploaded" })).toBeVisible({ timeout: 30_000 });
    const between = (await amounts()).filter((amount) => amount > 0 && amount < size);
    expect(between.length, "amounts that were shown").toBeGreaterThan(1);
    expect(between).toEqual(between.toSorted((a, b) => a - b));
    await devtools.detach();
    await expect(entry(bob.page, "large.bin")).toBeVisible();
    expect((await bob.download(project, "large.bin")).equals(Buffer.alloc(size, 7))).toBe(true);
  });

  await test.step("by dropping, and again", async () => {
    await dropFile(ada.page, join(folder, "dropped.txt"));
    await expect(entry(bob.page, "dropped.txt")).toBeVisible();
    writeFileSync(join(folder, "dropped.txt"), "the second\n");
    await dropFile(ada.page, join(folder, "dropped.txt"));
    const question = ada.page.getByRole("region", { name: "Uploads" }).getByRole("alert");
    await expect(question.locator("span").first()).toHaveText(SENTENCE);
    expect((await bob.download(project, "dropped.txt")).toString()).toBe("the first\n");
    await question.getByRole("button", { name: "Replace it" }).click();
    await expect(ada.page.getByRole("img", { name: "dropped.txt is uploaded" })).toHaveCount(2);
    expect((await bob.download(project, "dropped.txt")).toString()).toBe("the second\n");
  });
  rmSync(folder, { recursive: true });
});

/** The list of files is one for all who look at it. */
test("what one does to files in the page the other sees at once", async ({ world: { ada, bob } }) => {
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "editor");
  for (const person of [ada, bob]) await person.goto(`projects/${project}`);

  await ada.page.getByRole("button", { name: "New folder" }).click();
  await ada.page.getByLabel("Name", { exact: true }).fill("Übungen 1");
  await ada.page.getByRole("button", { name: "Create folder" }).click();
  await entry(bob.page, "Übungen 1").click();
  await ada.page.getByRole("button", { name: "New file" }).click();
  await ada.page.getByLabel("Name", { exact: true }).fill("why? 100%.md");
  await ada.page.getByRole("button", { name: "Create file" }).click();
  await textOf(ada.page, "why? 100%.md").click();
  await ada.page.keyboard.type("Because.");
  await saved(ada.page, "why? 100%.md");
  await expect(entry(bob.page, "why? 100%.md")).toBeVisible();

  await choose(bob.page, "why? 100%.md", "Rename");
  await bob.page.getByLabel("Name", { exact: true }).fill("because.md");
  await bob.page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await expect(entry(ada.page, "because.md")).toBeVisible();
  await expect(entry(ada.page, "why? 100%.md")).toBeHidden();

  const downloading = ada.page.waitForEvent("download");
  await choose(ada.page, "because.md", "Download");
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("because.md");
  const stream = await download.createReadStream();
  expect(Buffer.concat(await stream.toArray()).toString()).toBe("Because.");

  await choose(ada.page, "because.md", "Delete");
  await ada.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(entry(bob.page, "because.md")).toBeHidden();
  await expect(bob.page.getByText("This folder is empty")).toBeVisible();
});

/** Names come from anywhere: from addresses, scripts, archives. None may lead out, and each refusal must be understood. */
test("names that cannot be are refused with a sentence, and odd ones can be used", async ({
  server,
  world: { ada },
}) => {
  const project = await ada.createProject("Numbers");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  const files = `/api/projects/${project}/files/`;
  const headers = { Origin: new URL(server.url).origin };
  const long = "ü".repeat(150); // 300 bytes

  await test.step("over HTTP", async () => {
    const noFile = /nothing at this address|not the path of a file/;
    const names = {
      "..": noFile,
      "%2e%2e": noFile,
      "..%2f..%2fetc%2fpasswd": noFile,
      "a/../../b": noFile,
      "a%2f..%2f..%2fb": noFile,
      "/etc/passwd": noFile,
      "two%0alines": /line break/,
      "nul%00byte": /byte that no path has/,
      "%ff%fe": /not valid UTF-8/,
      [encodeURIComponent(long)]: /300 bytes/,
      "": /names no file/,
    };
    for (const [name, words] of Object.entries(names)) {
      for (const method of ["GET", "PUT"]) {
        const answer = await send(ada, method, files + name, { headers, body: method === "PUT" ? "x" : "" });
        expect([404, 413, 422], `${method} ${name}: ${answer.status} ${answer.body.toString()}`).toContain(
          answer.status,
        );
        expect(sentence(answer), `${method} ${name}`).toMatch(SENTENCE);
        expect(sentence(answer), `${method} ${name}`).toMatch(words);
      }
    }
  });

  await test.step("over the tables", async () => {
    const wire = await Wire.open(ada);
    const names = {
      "..": /“\.\.”/,
      "../out": /“\.\.”/,
      "in/../../out": /“\.\.”/,
      "/etc/passwd": /relative/,
      "two\nlines": /line break/,
      "nul\u0000byte": /NUL/,
      [long]: /300 bytes/,
      "": /./,
      ".": /./,
    };
    for (const [path, words] of Object.entries(names)) {
      const acts = [
        { action: "create_file", path },
        { action: "create_directory", path },
        { action: "delete", path },
        { action: "rename", path, to: "elsewhere" },
        { action: "rename", path: ".bashrc", to: path },
      ];
      for (const act of acts) {
        const { error } = await wire.ask({ file_actions: { id: "new", project_id: project, ...act } });
        expect(error?.kind, JSON.stringify(act)).toMatch(/^(invalid|too_large)$/);
        expect(error?.message, JSON.stringify(act)).toMatch(SENTENCE);
        expect(error?.message, JSON.stringify(act)).toMatch(words);
      }
    }
  });

  await test.step("in the page", async () => {
    await ada.page.getByRole("button", { name: "New file" }).click();
    for (const name of ["..", "a/b", long]) {
      await ada.page.getByLabel("Name", { exact: true }).fill(name);
      await ada.page.getByRole("button", { name: "Create file" }).click();
      await expect(ada.page.getByRole("dialog").getByText(/^(A name|“\.”).*\.$/)).toBeVisible();
    }
    await ada.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  });

  // Programs make names that no page would: these are shown, and can be downloaded, renamed and deleted.
  await test.step("made by a program", async () => {
    await command(
      ada.page,
      `for n in 'bad\\xff' 'two\\nlines' 'tab\\there'; do printf words > "$(printf "$n")"; done; echo made-$((6*7))`,
    );
    await shows(ada.page, /made-42/);
    const shown = { "bad\uFFFDFF": "invalid.txt", "two\uFFFD0Alines": "lines.txt", "tab\uFFFD09here": "tab.txt" };
    for (const [name, better] of Object.entries(shown)) {
      await expect(entry(ada.page, name)).toBeVisible();
      expect((await ada.download(project, name)).toString()).toBe("words");
      await choose(ada.page, name, "Rename");
      await ada.page.getByLabel("Name", { exact: true }).fill(better);
      await ada.page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
      await expect(entry(ada.page, better)).toBeVisible();
      await expect(entry(ada.page, name)).toBeHidden();
    }
    await command(ada.page, "rm invalid.txt lines.txt tab.txt; ls -A | grep -v '^\\.' | wc -l");
    await shows(ada.page, /^0$/m);
  });
});

/** What cannot be edited must not hang the page or the server; it can still be had. */
test("a file of 1 GB and a binary one opened as text say so, and offer a download", async ({ world: { ada } }) => {
  const project = await ada.createProject("Numbers");
  await ada.goto(`projects/${project}`);
  await newTerminal(ada.page);
  await command(
    ada.page,
    "truncate -s 1G big.txt; head -c 5000 /dev/zero > zeros.txt; printf 'Stra\\xdfe' > latin.txt; echo made-$((6*7))",
  );
  await shows(ada.page, /made-42/);
  const words = {
    "big.txt": /“big\.txt” has 1\.?0? GiB; up to .* can be edited here\..*download/,
    "zeros.txt": /“zeros\.txt” is not text but binary\. Please download it/,
    "latin.txt": /“latin\.txt” is not valid UTF-8/,
  };
  for (const [name, sentence] of Object.entries(words)) {
    await openFile(ada.page, name);
    const failed = ada.page.getByRole("alert").filter({ visible: true });
    await expect(failed).toHaveText(sentence);
    const frame = failed.locator("xpath=..");
    const button = frame.getByRole("link", { name: "Download" });
    if (name === "big.txt") {
      const head = await send(ada, "GET", `/api/projects/${project}/files/${name}`, { enough: 1 });
      expect(head.headers["content-length"]).toBe(String(1 << 30));
      await expect(button).toHaveAttribute("href", `api/projects/${project}/files/${name}`);
      continue;
    }
    const downloading = ada.page.waitForEvent("download");
    await button.click();
    expect((await downloading).suggestedFilename()).toBe(name);
  }
});

// A page of a student that the browser would run as ours could do all that the
// teacher may who opens it.
test("what users have written leaves as an attachment that no browser runs", async ({ world: { ada } }) => {
  const project = await ada.createProject("Numbers");
  const script = "<script>document.title = 'ran'</script>";
  const contents = {
    "page.html": script,
    "picture.svg": `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`,
    'a "quoted" ü;\u2028.xhtml': script,
  };
  for (const [name, content] of Object.entries(contents)) {
    await ada.upload(project, name, content);
    const { status, headers, body } = await send(ada, "GET", new URL(ada.fileURL(project, name)).pathname);
    expect(status).toBe(200);
    expect(body.toString()).toBe(content);
    expect(headers["content-disposition"]).toMatch(/^attachment; filename/);
    expect(headers["content-type"]).toBe("application/octet-stream");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toMatch(/^sandbox; default-src 'none'/);
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
  }
  const downloading = ada.page.waitForEvent("download");
  await ada.page.goto(ada.fileURL(project, "page.html")).catch(() => undefined); // a navigation that becomes a download fails
  expect((await downloading).suggestedFilename()).toBe("page.html");
});
