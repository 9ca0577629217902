import axe from "axe-core";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { render } from "vitest-browser-react";
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from "yjs";
import { FakeServer } from "../../live/FakeServer";
import { LiveStore } from "../../live/LiveStore";
import { LiveStoreProvider } from "../../live/react";
import { Toasts } from "../../ui/Toasts";
import { UiProvider } from "../../ui/UiProvider";
import type { Row } from "../../wire/types.gen";
import { encodeSpan } from "./cursors";
import { EditorFrame, type EditorFrameProps } from "./EditorFrame";

/** The document's room behind a FakeServer: rows of patches, and states for those who open it. */
class Room {
  readonly doc = new Doc();
  readonly server = new FakeServer();
  seq = 0;
  id = `d${++rooms}`;
  readOnly = false;

  constructor(text: string) {
    this.doc.getText("content").insert(0, text);
    this.seq = 1;
    this.server.source("document_states", ({ state_vector }) => ({
      document_id: this.id,
      update: encodeStateAsUpdate(
        this.doc,
        (state_vector as Uint8Array).length > 0 ? (state_vector as Uint8Array) : undefined,
      ),
      seq: this.seq,
      merged: {},
      read_only: this.readOnly,
    }));
    this.server.on("patches", (row) => this.take(row));
    this.server.on("cursors", (row, options) => {
      const own = { ...row, connection_id: "connection1", account_id: "ada", name: "Ada" };
      if (options.delete) this.server.remove("cursors", own);
      else this.server.put("cursors", own);
      return own;
    });
    this.file({ saved: { seq: 1 } });
    this.server.put("accounts", { id: "ada", editor_settings: { font_size: 16, line_wrapping: true, tab_size: 4 } });
    this.server.put("projects", { id: "p1", state: { state: "running", since: 0 } });
  }

  /** Somebody else's edit. */
  edit(change: (text: ReturnType<Doc["getText"]>) => void) {
    const before = encodeStateVector(this.doc);
    change(this.doc.getText("content"));
    this.store({ origin: "bob", n: this.seq, update: encodeStateAsUpdate(this.doc, before) });
  }

  file(row: Row) {
    this.server.put("documents", { id: this.id, ...row });
  }

  take({ origin = "", n = 0, update = null }: Row): Row {
    applyUpdate(this.doc, update as Uint8Array);
    this.store({ origin, n, update });
    return { seq: this.seq, n };
  }

  get text() {
    return this.doc.getText("content").toString();
  }

  private store(row: Row) {
    this.server.put("patches", { document_id: this.id, seq: ++this.seq, ...row });
  }
}

let rooms = 0; // the browser keeps outboxes between tests: each has a document and a path of its own

beforeEach(() => page.viewport(900, 700));

const usual = { projectId: "p1", role: "editor" } as const;

async function show(room: Room, props: Partial<EditorFrameProps> = {}, scheme: "light" | "dark" = "light") {
  const store = new LiveStore(room.server);
  const frame = (more: Partial<EditorFrameProps> = {}) => (
    <UiProvider scheme={scheme}>
      <LiveStoreProvider value={store}>
        <main style={{ height: 500 }}>
          <h1>Project</h1>
          <EditorFrame {...usual} path={`${room.id}.tex`} {...props} {...more} />
        </main>
        <Toasts />
      </LiveStoreProvider>
    </UiProvider>
  );
  const shown = await render(frame());
  return { shown, frame };
}

const area = () => page.getByRole("textbox", { name: /^Text of/ });
const text = () => Array.from(document.querySelectorAll(".cm-line"), (line) => line.textContent).join("\n");
const status = () => page.getByRole("status", { name: /^State of/ });

test("D7 what is typed is sent, and “Saved” is said when the file has it", async () => {
  const room = new Room("one");
  await show(room);
  await expect.element(status()).toHaveTextContent("Saved");
  await area().click();
  await userEvent.keyboard("{Control>}{End}{/Control} two");
  await vi.waitFor(() => expect(room.text).toBe("one two"));
  await expect.element(status()).toHaveTextContent("Saving…");
  room.file({ saved: { seq: room.seq } });
  await expect.element(status()).toHaveTextContent("Saved");
});

test("others’ words appear, with their caret and their name", async () => {
  const room = new Room("one");
  await show(room);
  await expect.element(area()).toBeVisible();
  room.edit((content) => content.insert(3, " two"));
  await vi.waitFor(() => expect(text()).toBe("one two"));
  room.server.put("cursors", {
    document_id: room.id,
    connection_id: "bobs",
    account_id: "bob",
    name: "Bob",
    position: encodeSpan(room.doc.getText("content"), { anchor: 7, head: 7 }),
  });
  await expect.element(page.getByRole("list", { name: "Also here" })).toHaveTextContent("Bob");
  await vi.waitFor(() => expect(document.querySelector<HTMLElement>(".cm-caret")?.dataset["name"]).toBe("Bob"));
});

test("this tab shows itself to others while it is visible", async () => {
  const room = new Room("one two");
  const { shown, frame } = await show(room);
  const carets = () => room.server.sets.filter(([table]) => table === "cursors");
  await vi.waitFor(() => expect(carets().length).toBeGreaterThan(0));
  await area().click();
  await userEvent.keyboard("{Control>}{Home}{/Control}");
  await vi.waitFor(() => expect(carets().at(-1)?.[1]["position"]).toBeInstanceOf(Uint8Array));
  await shown.rerender(frame({ visible: false }));
  await vi.waitFor(() => expect(carets().at(-1)?.[2]).toMatchObject({ delete: true }));
});

test("D3 typed offline: it says so, keeps it, and sends it when the server is back", async () => {
  const room = new Room("one");
  await show(room);
  await expect.element(status()).toHaveTextContent("Saved");
  room.server.drop();
  await area().click();
  await userEvent.keyboard("{Control>}{End}{/Control}!!");
  await expect.element(status()).toHaveTextContent("Offline — 2 changes kept in this browser");
  expect(room.text).toBe("one");
  room.server.restore();
  await vi.waitFor(() => expect(room.text).toBe("one!!"));
});

test("D3 a page that is closed offline loses nothing: the browser kept it", async () => {
  const room = new Room("one");
  const { shown } = await show(room);
  await expect.element(status()).toHaveTextContent("Saved");
  room.server.drop();
  await area().click();
  await userEvent.keyboard("{Control>}{End}{/Control} kept");
  await expect.element(status()).toHaveTextContent("5 changes kept");
  await shown.unmount(); // the session lingers in this page, as it has something to send …
  room.server.restore();
  await vi.waitFor(() => expect(room.text).toBe("one kept"));
});

test("D3 after a refusal the text can be copied and given up", async () => {
  const room = new Room("one");
  await show(room);
  await expect.element(status()).toHaveTextContent("Saved");
  room.server.on("patches", () => {
    throw { kind: "denied", message: "You may only read files of this project." };
  });
  await area().click();
  await userEvent.keyboard("{Control>}{End}{/Control}!");
  await expect.element(page.getByRole("alert")).toHaveTextContent("You may only read files of this project.");
  await expect.element(area()).toHaveAttribute("aria-readonly", "true");
  await expect.element(page.getByRole("button", { name: "Copy my text" })).toBeVisible();
  await page.getByRole("button", { name: "Discard my copy" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard my copy" }).click();
  await vi.waitFor(() => expect(text()).toBe("one"));
  await expect.element(status()).toHaveTextContent("Saved");
});

test("D4 another file at the place is asked about", async () => {
  const room = new Room("old");
  const path = `${room.id}.tex`;
  await show(room, { path });
  await expect.element(status()).toHaveTextContent("Saved");
  room.server.drop();
  await area().click();
  await userEvent.keyboard("{Control>}{End}{/Control}!");
  room.id = `d${++rooms}`;
  room.doc.getText("content").delete(0, 3);
  room.doc.getText("content").insert(0, "new");
  room.server.restore();
  await expect.element(page.getByRole("alert")).toHaveTextContent(/another file in this place/);
  expect(text()).toBe("old!");
  await page.getByRole("button", { name: "Open the file as it is now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Open the file as it is now" }).click();
  await vi.waitFor(() => expect(text()).toBe("new"));
});

test("D8 a deleted file is said, and can be written again", async () => {
  const room = new Room("one");
  await show(room);
  await expect.element(status()).toHaveTextContent("Saved");
  room.file({
    saved: { seq: 1 },
    disk: { state: "deleted", since: 0 },
    error: "The file was deleted on disk. Your text is kept here; write it again or copy it.",
  });
  await expect.element(page.getByRole("alert")).toHaveTextContent(/was deleted on disk/);
  await expect.element(status()).toHaveTextContent("Not saved");
  await page.getByRole("button", { name: "Write the file again" }).click();
  await vi.waitFor(() => expect(room.server.sets.at(-1)?.[1]).toEqual({ id: room.id, write_again: true }));
});

test("D11 a reader is told what he may do, and cannot type", async () => {
  const room = new Room("one");
  room.readOnly = true;
  await show(room, { role: "viewer" });
  await expect.element(page.getByText(/You may read this file/)).toBeVisible();
  await area().click();
  await userEvent.keyboard("x");
  expect(text()).toBe("one");
  expect(room.server.sets.filter(([table]) => table === "patches")).toEqual([]);
});

test("a file that is no text says so in the server’s words and can be downloaded", async () => {
  const room = new Room("");
  room.server.source("document_states", () => {
    throw { kind: "invalid", message: "This file is not text, so it cannot be edited here." };
  });
  const onClose = vi.fn();
  await show(room, { onClose });
  await expect.element(page.getByRole("alert")).toHaveTextContent("This file is not text");
  const link = page.getByRole("link", { name: "Download" }).element() as HTMLAnchorElement;
  expect(new URL(link.href).pathname).toMatch(new RegExp(`/api/projects/p1/files/${room.id}.tex$`));
  await page.getByRole("button", { name: "Back to the files" }).click();
  expect(onClose).toHaveBeenCalled();
});

test("the account’s settings are followed", async () => {
  const room = new Room("one");
  await show(room);
  const size = () => getComputedStyle(document.querySelector(".cm-editor") as Element).fontSize;
  await vi.waitFor(() => expect(size()).toBe("16px"));
  room.server.put("accounts", { id: "ada", editor_settings: { font_size: 20, line_wrapping: false, tab_size: 2 } });
  await vi.waitFor(() => expect(size()).toBe("20px"));
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test("nothing stands in anybody’s way: code, carets, search, notices", async () => {
    const room = new Room("\\documentclass{beamer} % the class\n\\begin{frame}$x^2$ \\emph{three} 4\\end{frame}\n");
    await show(room, {}, scheme);
    await expect.element(area()).toBeVisible();
    room.server.put("cursors", {
      document_id: room.id,
      connection_id: "bobs",
      account_id: "bob",
      name: "Bob",
      position: encodeSpan(room.doc.getText("content"), { anchor: 40, head: 50 }),
    });
    room.file({ saved: { seq: 0 }, error: "The disk is full." });
    await area().click();
    await userEvent.keyboard("{Control>}f{/Control}");
    await vi.waitFor(() => expect(document.querySelector(".cm-search")).not.toBeNull());
    await vi.waitFor(() => expect(document.querySelector(".cm-caret")).not.toBeNull());
    const { violations } = await axe.run(document.body, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => [node.html, node.any[0]?.message])])).toEqual([]);
  });
});
