import { afterEach, describe, expect, test, vi } from "vitest";
import { userEvent } from "vitest/browser";
import { applyUpdate, Doc, encodeStateAsUpdate as encode } from "yjs";
import { attachEditor, type EditorSettings, type EditorSource, MAX_INSERT } from "./attach";
import { encodeSpan } from "./cursors";
import type { Language } from "./languages";

const settings: EditorSettings = { dark: false, fontSize: 14, lineWrapping: true, lineNumbers: true, tabSize: 4 };

let clean: (() => void)[] = [];
afterEach(() => {
  for (const fn of clean.splice(0)) fn();
});

function show(text: string, options: { readOnly?: boolean; language?: Language } = {}) {
  const doc = new Doc();
  const content = doc.getText("content");
  content.insert(0, text);
  const host = document.createElement("div");
  host.style.height = "300px";
  document.body.append(host);
  const source: EditorSource = {
    text: content,
    language: options.language ?? "plain",
    label: "Text of notes.md",
    onSelect: vi.fn(),
    onRefuse: vi.fn(),
  };
  const editor = attachEditor(host, source, settings, options.readOnly ?? false);
  clean.push(() => {
    editor.detach();
    host.remove();
  });
  const area = host.querySelector<HTMLElement>("[role=textbox]") as HTMLElement;
  /** Somebody else's edit, as it comes from the server. */
  const remote = (edit: (text: typeof content) => void) => {
    const other = new Doc();
    applyUpdate(other, encode(doc));
    edit(other.getText("content"));
    applyUpdate(doc, encode(other), "server");
  };
  return { doc, content, host, area, editor, source, remote };
}

const lines = (area: HTMLElement) =>
  Array.from(area.querySelectorAll(".cm-line"), (line) => line.textContent).join("\n");

test("what is typed is in the document, and what others write is on the screen", async () => {
  const { content, area, remote } = show("one\ntwo");
  await userEvent.click(area.querySelector(".cm-line") as Element);
  await userEvent.keyboard("{Control>}{Home}{/Control}zero ");
  expect(content.toString()).toBe("zero one\ntwo");
  remote((text) => text.insert(text.length, "\nthree"));
  expect(lines(area)).toBe("zero one\ntwo\nthree");
});

test("D10 undo takes back one's own edits and leaves those of others", async () => {
  const { content, area, remote } = show("");
  await userEvent.click(area);
  await userEvent.keyboard("mine");
  remote((text) => text.insert(0, "theirs "));
  await userEvent.keyboard("{Control>}z{/Control}");
  expect(content.toString()).toBe("theirs ");
  await userEvent.keyboard("{Control>}z{/Control}");
  expect(content.toString()).toBe("theirs ");
  await userEvent.keyboard("{Control>}y{/Control}");
  expect(content.toString()).toBe("theirs mine");
});

test("D11 a reader sees and searches, and changes nothing", async () => {
  const { content, area } = show("read me", { readOnly: true });
  expect(area.getAttribute("aria-readonly")).toBe("true");
  await userEvent.click(area);
  await userEvent.keyboard("x{Backspace}{Enter}");
  expect(content.toString()).toBe("read me");
});

test("D3 a refused document takes nothing more, not even an undo", async () => {
  const { content, area, editor } = show("");
  await userEvent.click(area);
  await userEvent.keyboard("typed");
  editor.setReadOnly(true);
  await userEvent.keyboard("more{Control>}z{/Control}");
  expect(content.toString()).toBe("typed");
});

test("a text with \\r keeps its positions: typing after it lands where the caret is", async () => {
  const { content, area, remote } = show("a\r\nb");
  remote((text) => text.insert(2, "!"));
  await userEvent.click(area);
  await userEvent.keyboard("{Control>}{End}{/Control}c");
  expect(content.toString()).toBe("a\r!\nbc");
});

test("a paste that no update can carry is refused with a sentence", () => {
  const { content, area, source } = show("");
  const clipboard = new DataTransfer();
  clipboard.setData("text/plain", "x".repeat(MAX_INSERT + 1));
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true }));
  expect(content.length).toBe(0);
  expect(source.onRefuse).toHaveBeenCalledWith(expect.stringMatching(/upload it as a file/));
});

test("pasted line ends of other systems become ours", () => {
  const { content, area } = show("");
  const clipboard = new DataTransfer();
  clipboard.setData("text/plain", "one\r\ntwo\rthree");
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true, cancelable: true }));
  expect(content.toString()).toBe("one\ntwo\nthree");
});

test("the caret of another is shown with its name, and stays at its word", () => {
  const { content, host, editor, remote } = show("one two");
  const position = encodeSpan(content, { anchor: 4, head: 7 });
  editor.setPeople([{ accountId: "bob", name: "Bob", colour: 3, carets: [{ id: "t1", position }] }]);
  expect(host.querySelector<HTMLElement>(".cm-caret")?.dataset["name"]).toBe("Bob");
  expect(host.querySelector(".cm-person")?.textContent).toBe("two");
  remote((text) => text.insert(0, "zero "));
  expect(host.querySelector(".cm-person")?.textContent).toBe("two");
  editor.setPeople([]);
  expect(host.querySelector(".cm-caret")).toBeNull();
});

test("moving the caret is told", async () => {
  const { area, source } = show("one two");
  await userEvent.click(area);
  await userEvent.keyboard("{Control>}{End}{/Control}{Shift>}{ArrowLeft}{/Shift}");
  expect(source.onSelect).toHaveBeenLastCalledWith({ anchor: 7, head: 6 });
});

describe("languages", () => {
  test.each<[Language, string, string]>([
    ["latex", "\\begin{document} % note", "% note"],
    ["markdown", "# Heading", "Heading"],
    ["python", "def f(): # note", "# note"],
  ])("%s is highlighted", async (language, text, part) => {
    const { area } = show(text, { language });
    await vi.waitFor(() => {
      const spans = Array.from(area.querySelectorAll("span"), (span) => span.textContent);
      expect(spans.some((span) => span.includes(part))).toBe(true);
    });
  });
});

test("an apostrophe stays one, a bracket gets its other half", async () => {
  const { content, area } = show("", { language: "latex" });
  await vi.waitFor(() => expect(area.dataset["language"]).toBe("stex"));
  await userEvent.click(area);
  await userEvent.keyboard("'tis (");
  expect(content.toString()).toBe("'tis ()");
});

test("settings change the editor without losing the text", () => {
  const { area, editor, host } = show("one");
  editor.configure({ ...settings, fontSize: 20, lineWrapping: false, dark: true });
  expect(getComputedStyle(host.querySelector(".cm-editor") as Element).fontSize).toBe("20px");
  expect(area.classList.contains("cm-lineWrapping")).toBe(false);
  expect(lines(area)).toBe("one");
});

test("Tab indents, Escape and Tab leave the editor", async () => {
  const { content, area, host } = show("x");
  const after = document.createElement("button");
  host.after(after);
  clean.push(() => after.remove());
  await userEvent.click(area);
  await userEvent.keyboard("{Tab}");
  expect(content.toString()).toMatch(/^\s+x$|^x\s*$/);
  await userEvent.keyboard("{Escape}{Tab}");
  expect(area.contains(document.activeElement)).toBe(false);
});
