import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { render } from "vitest-browser-react";
import { FakeServer } from "../../live/FakeServer";
import { LiveStore } from "../../live/LiveStore";
import { LiveStoreProvider } from "../../live/react";
import { UiProvider } from "../../ui/UiProvider";
import { currentToasts } from "../../ui/toast";
import { TerminalFrame, type TerminalFrameProps } from "./TerminalFrame";
import { READ_EVENT } from "./useTerminal";

/** The socket of a shell, played by the test. */
class ShellSocket extends EventTarget {
  static readonly OPEN = 1;
  static all: ShellSocket[] = [];
  binaryType = "blob";
  readyState = 1;
  onopen: unknown = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  typed = "";
  controls: Record<string, unknown>[] = [];

  constructor(readonly url: string) {
    super();
    ShellSocket.all.push(this);
  }
  send(data: string | Uint8Array) {
    if (typeof data === "string") this.controls.push(JSON.parse(data) as Record<string, unknown>);
    else this.typed += new TextDecoder().decode(data);
  }
  close() {
    this.readyState = 3;
  }
  prints(text: string) {
    this.onmessage?.(new MessageEvent("message", { data: new TextEncoder().encode(text).buffer }));
  }
  says(frame: object) {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }
  ends(code: number, reason = "") {
    this.readyState = 3;
    this.onclose?.(new CloseEvent("close", { code, reason }));
  }
}

let server: FakeServer;
const RealWebSocket = WebSocket;

beforeEach(async () => {
  await page.viewport(900, 600);
  ShellSocket.all = [];
  vi.stubGlobal("WebSocket", ShellSocket);
  server = new FakeServer();
  server.put("accounts", { id: "ada", editor_settings: { font_size: 14 } });
  server.put("projects", { id: "p1", state: { state: "running", since: 0 } });
  server.put("terminals", { id: "t1", project_id: "p1", title: "build" });
});
afterEach(() => vi.stubGlobal("WebSocket", RealWebSocket));

const usual: TerminalFrameProps = { projectId: "p1", terminalId: "t1", role: "editor" };

async function show(props: Partial<TerminalFrameProps> = {}, scheme: "light" | "dark" = "light") {
  const store = new LiveStore(server);
  const shown = await render(
    <UiProvider scheme={scheme}>
      <LiveStoreProvider value={store}>
        <main style={{ height: 400 }}>
          <h1>Project</h1>
          <TerminalFrame {...usual} {...props} />
        </main>
      </LiveStoreProvider>
    </UiProvider>,
  );
  await vi.waitFor(() => expect(ShellSocket.all.length).toBeGreaterThan(0));
  return shown;
}

const socket = () => ShellSocket.all.at(-1) as ShellSocket;
const hello = (more: object = {}) => ({ op: "hello", from: 0, live: 0, cols: 80, rows: 24, write: true, ...more });
/** Escape characters in letters. */
const readable = (text: string) => text.replaceAll("\x1b", "ESC");

const input = () => page.getByRole("textbox", { name: "build" });

/** The whole text of the terminal. */
function printed(): string {
  const detail: { text?: string } = {};
  document.querySelector("[data-terminal=t1]")?.dispatchEvent(new CustomEvent(READ_EVENT, { detail }));
  return detail.text ?? "";
}

const shows = (text: string) => vi.waitFor(() => expect(printed()).toContain(text));

test("what the shell prints is on the screen, what is typed goes to it", async () => {
  await show();
  expect(new URL(socket().url).pathname).toMatch(/\/api\/projects\/p1\/terminals\/t1\/socket$/);
  socket().says(hello());
  socket().prints("\x1b[32mada@project\x1b[0m:~$ ");
  await shows("ada@project:~$");
  (input().element() as HTMLElement).focus();
  await userEvent.keyboard("ls{Enter}");
  expect(socket().typed).toBe("ls\r");
});

test("the room of the window is told, and T7 another’s size is shown and explained", async () => {
  await show();
  socket().says(hello());
  await vi.waitFor(() => expect(socket().controls[0]).toMatchObject({ op: "size" }));
  expect(Number(socket().controls[0]?.["cols"])).toBeGreaterThan(60);
  socket().says({ op: "size", cols: 40, rows: 10, by: "Bob", you: false });
  await expect.element(page.getByText("40 × 10 is the size of Bob’s window. Type to use yours.")).toBeVisible();
  socket().says({ op: "size", cols: 90, rows: 20, by: "Ada", you: true });
  await expect.element(page.getByText(/size of/)).not.toBeInTheDocument();
  const { cols, rows } = socket().controls.at(-1) ?? {};
  socket().says({ op: "size", cols: 40, rows: 90, by: "Bob", you: false });
  await expect.element(page.getByText("40 × 90 is the size of Bob’s window. Type to use yours.")).toBeVisible();
  expect(socket().controls.at(-1)).toMatchObject({ cols, rows }); // the sentence takes no room
  socket().says({ op: "size", cols, rows, by: "Bob", you: false }); // as ours: there is nothing to explain
  await expect.element(page.getByText(/size of/)).not.toBeInTheDocument();
});

test("T7 a click beside the screen of another’s size goes to the terminal", async () => {
  await show();
  socket().says(hello());
  socket().says({ op: "size", cols: 20, rows: 5, by: "Bob", you: false });
  await expect.element(page.getByText("20 × 5 is the size of Bob’s window. Type to use yours.")).toBeVisible();
  (document.activeElement as HTMLElement).blur();
  await page
    .elementLocator(document.querySelector("[data-terminal=t1]") as Element)
    .click({ position: { x: 500, y: 200 } });
  await expect.element(input()).toHaveFocus();
});

test("T7 where another’s window is larger the caret stays in view", async () => {
  await show();
  socket().says(hello());
  socket().says({ op: "size", cols: 300, rows: 90, by: "Bob", you: false });
  const host = document.querySelector<HTMLElement>("[data-terminal=t1]");
  const scrolled = () => [host?.scrollLeft ?? 0, host?.scrollTop ?? 0] as const;
  socket().prints("top\x1b[90;280Hx");
  await vi.waitFor(() => expect(scrolled().every((to) => to > 100)).toBe(true));
  socket().prints("\x1b[1;1Hy");
  await vi.waitFor(() => expect(scrolled()).toEqual([0, 0]));
});

test("T6 questions of programs are answered by the screen that is named, and never in old output", async () => {
  await show();
  socket().says(hello({ live: 5 }));
  socket().says({ op: "answers", you: true });
  socket().prints("\x1b[c\x1b[");
  socket().prints("0c");
  socket().prints("\x1b[6n\x1b]10;?\x1b\\\x1bP$qm\x1b\\\x1b[?1004h");
  await vi.waitFor(() => expect(readable(socket().typed)).toMatch(/^ESC\[\?1;2cESC\[1;1RESC\]10;rgb:.*ESCP1\$r/s));
  expect(readable(socket().typed).split("[?1;2c")).toHaveLength(2);
  socket().typed = "";
  socket().says({ op: "answers", you: false });
  socket().prints("\x1b[6n\x1b[c\x1b]11;?\x07done");
  await shows("done");
  expect(socket().typed).toBe("");
});

test("Ctrl-C interrupts, and copies when something is selected; Ctrl-F6 leaves", async () => {
  await show();
  socket().says(hello());
  socket().prints("some words");
  await shows("some words");
  (input().element() as HTMLElement).focus();
  await userEvent.keyboard("{Control>}c{/Control}");
  expect(socket().typed).toBe("\x03");
  await userEvent.keyboard("{Control>}{F6}{/Control}");
  await expect.element(page.getByRole("button", { name: "Find in the terminal" })).toHaveFocus();
});

test("T4 T6 offline: it says so, keys are lost, and it goes on from its offset", async () => {
  await show();
  socket().says(hello());
  socket().prints("0123456789");
  await shows("0123456789");
  (input().element() as HTMLElement).focus();
  socket().ends(1001);
  await expect.element(page.getByText(/what you type now is not sent/i)).toBeVisible();
  await userEvent.keyboard("x");
  await expect.element(page.getByText(/will not be sent later/)).toBeVisible();
  await vi.waitFor(() => expect(new URL(socket().url).searchParams.get("from")).toBe("10"), 3000);
  socket().says(hello({ from: 10, live: 10 }));
  socket().prints("abc");
  await shows("0123456789abc");
  expect(ShellSocket.all.map(({ typed }) => typed).join("")).toBe("");
});

test("a stopped project is said, and the line opens again when it runs", async () => {
  await show();
  server.put("projects", { id: "p1", state: { state: "stopped", since: 1 } });
  socket().ends(1013, "The project is not running.");
  await expect.element(page.getByText(/The project is not running/)).toBeVisible();
  const before = ShellSocket.all.length;
  server.put("projects", { id: "p1", state: { state: "running", since: 2 } });
  await vi.waitFor(() => expect(ShellSocket.all.length).toBeGreaterThan(before));
});

test("T8 the end of the shell is said with its exit, Enter starts another", async () => {
  await show();
  socket().says(hello());
  socket().says({ op: "exit", code: 3 });
  await expect.element(page.getByText(/exit code 3/)).toBeVisible();
  (input().element() as HTMLElement).focus();
  await userEvent.keyboard("{Enter}");
  expect(socket().controls.at(-1)).toEqual({ op: "restart" });
  socket().says({ op: "restarted", from: 0 });
  await expect.element(page.getByText(/exit code 3/)).not.toBeInTheDocument();
});

test("a viewer looks on: nothing of what he types is sent", async () => {
  await show({ role: "viewer" });
  socket().says(hello({ write: false }));
  await expect.element(page.getByText(/You may look on/)).toBeVisible();
  (input().element() as HTMLElement).focus();
  await userEvent.keyboard("ls{Enter}");
  expect(socket().typed).toBe("");
});

test("a terminal that somebody has ended says so and is not asked for again", async () => {
  await show();
  socket().ends(4404, "Bob has closed this terminal.");
  await expect.element(page.getByRole("alert")).toHaveTextContent("Bob has closed this terminal.");
});

test("what it has printed can be searched", async () => {
  await show();
  socket().says(hello());
  socket().prints("needle in a haystack\r\n");
  await shows("needle");
  await page.getByRole("button", { name: "Find in the terminal" }).click();
  await page.getByRole("textbox", { name: "Find in the terminal" }).fill("nothing like this");
  const sizes = socket().controls.filter(({ op }) => op === "size").length;
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByText("Not found.")).toBeVisible();
  expect(socket().controls.filter(({ op }) => op === "size")).toHaveLength(sizes); // it takes no room of the screen
  await page.getByRole("textbox", { name: "Find in the terminal" }).fill("needle");
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByText("Not found.")).not.toBeInTheDocument();
  await userEvent.keyboard("{Escape}");
  await expect.element(input()).toHaveFocus();
});

test("matches are counted, capital letters count if wanted, and one goes from one to the next", async () => {
  await show();
  socket().says(hello());
  socket().prints("Needle\r\nneedle\r\nneedle\r\n");
  await shows("needle");
  await page.getByRole("button", { name: "Find in the terminal" }).click();
  await page.getByRole("textbox", { name: "Find in the terminal" }).fill("needle");
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByRole("status", { name: "Matches" })).toHaveTextContent("3 of 3");
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByRole("status", { name: "Matches" })).toHaveTextContent("2 of 3");
  await userEvent.keyboard("{Shift>}{Enter}{/Shift}");
  await expect.element(page.getByRole("status", { name: "Matches" })).toHaveTextContent("3 of 3");
  await page.getByRole("button", { name: "Match capital letters" }).click();
  await expect.element(page.getByRole("status", { name: "Matches" })).toHaveTextContent(/of 2/);
});

function paste(text: string) {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  input().element().dispatchEvent(event);
}

test("T4 many lines are asked about, one line never, and with bracketed paste they are one text", async () => {
  await show();
  socket().says(hello());
  paste("one line\n");
  expect(socket().typed).toBe("one line\r");
  socket().typed = "";
  paste("echo a\necho b\n");
  await expect.element(page.getByRole("dialog", { name: "Paste 2 lines?" })).toBeVisible();
  await expect.element(page.getByLabelText("What is pasted")).toHaveTextContent("echo a echo b");
  await userEvent.keyboard("{Escape}");
  expect(socket().typed).toBe("");
  paste("echo a\necho b\n");
  await page.getByRole("button", { name: "Paste", exact: true }).click();
  await vi.waitFor(() => expect(socket().typed).toBe("echo a\recho b\r"));
  socket().typed = "";
  socket().prints("\x1b[?2004hready");
  await shows("ready");
  paste("a\x1b[201~\nb");
  expect(readable(socket().typed)).toBe("ESC[200~a\u{fffd}[201~\rbESC[201~");
});

test("pasting from the menu says what to do where the browser does not let the page read the clipboard", async () => {
  const read = vi.spyOn(navigator.clipboard, "readText").mockRejectedValue(new DOMException("no", "NotAllowedError"));
  await show();
  socket().says(hello());
  await page.getByRole("button", { name: "More for this terminal" }).click();
  await page.getByRole("menuitem", { name: "Paste" }).click();
  await vi.waitFor(() => expect(currentToasts().at(-1)?.sentence).toMatch(/Press Ctrl\+V/));
  read.mockResolvedValue("from the menu");
  await page.getByRole("button", { name: "More for this terminal" }).click();
  await page.getByRole("menuitem", { name: "Paste" }).click();
  await vi.waitFor(() => expect(socket().typed).toBe("from the menu"));
  read.mockRestore();
});

test("what a shell opens is handed on, and nothing that is not of the project", async () => {
  const onPlaces = vi.fn();
  await show({ onPlaces });
  socket().says(hello());
  socket().says({ op: "open", places: [{ path: "src/a.c", line: 3 }, { path: "/etc/passwd" }, { path: "../x" }] });
  expect(onPlaces).toHaveBeenCalledExactlyOnceWith([{ path: "src/a.c", line: 3, folder: false }]);
});

test("names of files in the output are links if the files are there", async () => {
  const onPlaces = vi.fn();
  await show({ onPlaces });
  socket().says(hello());
  socket().prints("src/a.c:12:5: error\r\n");
  await shows("error");
  await vi.waitFor(() => expect(document.querySelector(".xterm-screen")?.clientHeight).toBeGreaterThan(0));
  const screen = document.querySelector<HTMLElement>(".xterm-screen");
  if (!screen) throw new Error("no screen");
  const where = { position: { x: 30, y: 8 } };
  await page.elementLocator(screen).hover(where);
  await vi.waitFor(() => expect(socket().controls.at(-1)).toMatchObject({ op: "find", names: ["src/a.c:12:5"] }));
  const { id } = socket().controls.at(-1) ?? {};
  socket().says({ op: "found", id, places: [{ path: "src/a.c", line: 12, column: 5 }] });
  await vi.waitFor(() => expect(document.querySelector(".xterm-cursor-pointer")).not.toBeNull());
  await page.elementLocator(screen).click(where);
  await vi.waitFor(() =>
    expect(onPlaces).toHaveBeenCalledExactlyOnceWith([{ path: "src/a.c", line: 12, column: 5, folder: false }]),
  );
});

test("the bell is seen, and not rung again by old output", async () => {
  const onBell = vi.fn();
  await show({ onBell });
  socket().says(hello({ live: 4 }));
  socket().prints("a\x07\x07b");
  await shows("ab");
  expect(onBell).not.toHaveBeenCalled();
  socket().prints("\x07\x07\x07");
  await vi.waitFor(() => expect(document.querySelector("[data-bell]")).not.toBeNull());
  expect(onBell).toHaveBeenCalled();
  await vi.waitFor(() => expect(document.querySelector("[data-bell]")).toBeNull());
});

test("files that are dropped go where the shell is, and their names are typed without Enter", async () => {
  const upload = vi.fn((folder: string, files: readonly File[]) =>
    Promise.resolve(files.map(({ name }) => `${folder}/${name}`)),
  );
  await show({ upload });
  socket().says(hello());
  await expect.element(page.getByText("Connected")).toBeVisible();
  const data = new DataTransfer();
  data.items.add(new File(["x"], "my plot.png"));
  const stage = document.querySelector("[data-terminal=t1]");
  stage?.dispatchEvent(new DragEvent("dragover", { dataTransfer: data, bubbles: true, cancelable: true }));
  await expect.element(page.getByText("Drop files to put them into the shell’s folder.")).toBeVisible();
  stage?.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  await vi.waitFor(() => expect(socket().controls.at(-1)).toMatchObject({ op: "find", names: ["."] }));
  const { id } = socket().controls.at(-1) ?? {};
  socket().says({ op: "found", id, places: [{ path: "data", folder: true }] });
  await vi.waitFor(() => expect(socket().typed).toBe("'my plot.png' "));
  expect(upload).toHaveBeenCalledWith("data", [expect.objectContaining({ name: "my plot.png" })]);
});

test("sizes that no window has are bounded", async () => {
  await show();
  socket().says(hello());
  socket().says({ op: "size", cols: 100_000, rows: 100_000, by: "Bob", you: false });
  await expect.element(page.getByText(/is the size of Bob’s window/)).toBeVisible();
  socket().says({ op: "size", cols: 1, rows: 1, by: "Bob", you: false });
  socket().prints("x");
  await shows("x");
});

test("characters are as wide as shells count them", async () => {
  await show();
  socket().says(hello());
  socket().says({ op: "answers", you: true });
  await import("./widths"); // or it is still on its way
  // A family is three emoji for wcwidth, and so for bash; a flag is two letters of one column each.
  for (const [text, columns] of [
    ["中文", 4],
    ["e\u0301", 1],
    ["👍", 2],
    ["👨\u200d👩\u200d👧", 6],
    ["ｱ", 1],
    ["🇩🇪", 2],
    ["👍🏽", 4],
    ["❤\ufe0f", 1],
    ["\u1112\u1161\u11ab", 2],
  ] as const) {
    socket().typed = "";
    socket().prints(`\r${text}\x1b[6n`);
    await vi.waitFor(() => expect(readable(socket().typed), text).toBe(`ESC[1;${columns + 1}R`));
  }
});

test("the colours that are chosen are marked in the menu", async () => {
  await show();
  await page.getByRole("button", { name: "More for this terminal" }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  await vi.waitFor(() => expect(document.querySelector("[data-colours=dark]")).not.toBeNull());
  await page.getByRole("button", { name: "More for this terminal" }).click();
  await expect.element(page.getByRole("menuitem", { name: "Dark (chosen)" })).toBeVisible();
  await page.getByRole("menuitem", { name: "Colours as the page", exact: true }).click();
});

describe("where fingers touch the screen", () => {
  beforeEach(async () => {
    const ask = window.matchMedia.bind(window);
    vi.spyOn(window, "matchMedia").mockImplementation((query) => ask(query === "(pointer: coarse)" ? "all" : query));
    await page.viewport(390, 700);
  });
  afterEach(() => vi.restoreAllMocks());

  const key = (name: string) => page.getByRole("button", { name, exact: true });
  const focus = () => (input().element() as HTMLElement).focus();

  // A telephone's keyboard has none of these: nobody could leave vim, complete a name or interrupt.
  test("there are keys that a telephone lacks, and Ctrl holds for one key of either keyboard", async () => {
    await show();
    socket().says(hello());
    await key("Esc").click();
    await key("Tab").click();
    await key("Arrow up").click();
    await key("Tilde").click();
    await vi.waitFor(() => expect(readable(socket().typed)).toBe("ESC\tESC[A~"));
    socket().typed = "";
    await key("Ctrl, for the next key").click();
    await expect.element(key("Ctrl, for the next key")).toHaveAttribute("aria-pressed", "true");
    focus();
    await userEvent.keyboard("cc");
    await vi.waitFor(() => expect(socket().typed).toBe("\x03c"));
    await expect.element(key("Ctrl, for the next key")).toHaveAttribute("aria-pressed", "false");
    socket().typed = "";
    await key("Ctrl, for the next key").click();
    await key("Arrow right").click();
    await key("Arrow right").click();
    await vi.waitFor(() => expect(readable(socket().typed)).toBe("ESC[1;5CESC[C"));
    socket().prints("\x1b[?1h"); // arrows as an editor asks for them
    await vi.waitFor(async () => {
      socket().typed = "";
      await key("Arrow down").click();
      expect(readable(socket().typed)).toBe("ESCOB");
    });
  });

  test("what a program is answered is no key that Ctrl is held with", async () => {
    await show();
    socket().says(hello());
    socket().says({ op: "answers", you: true });
    await key("Ctrl, for the next key").click();
    socket().prints("\x1b[6n");
    await vi.waitFor(() => expect(readable(socket().typed)).toBe("ESC[1;1R"));
    await expect.element(key("Ctrl, for the next key")).toHaveAttribute("aria-pressed", "true");
  });

  // The keyboard of a telephone goes with the focus, and comes with it.
  test("touching them leaves the focus where it is", async () => {
    await show();
    socket().says(hello());
    focus();
    await key("Esc").click();
    await key("Ctrl, for the next key").click();
    await expect.element(input()).toHaveFocus();
  });

  test("they are as large as a finger, and are not there for who looks on", async () => {
    await show();
    socket().says(hello());
    await expect.element(key("Esc")).toBeVisible();
    for (const one of page.getByRole("group", { name: "Keys for build" }).getByRole("button").elements()) {
      const { width, height } = one.getBoundingClientRect();
      expect([one.textContent, width >= 44, height >= 44]).toEqual([one.textContent, true, true]);
    }
    socket().says(hello({ write: false }));
    await expect.element(key("Esc")).not.toBeInTheDocument();
  });

  test.each(["light", "dark"] as const)("in %s nothing stands in anybody’s way", async (scheme) => {
    await show({}, scheme);
    socket().says(hello());
    await key("Ctrl, for the next key").click();
    const { violations } = await axe.run(document.body, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
  });
});

test("with a mouse there are no keys on the screen", async () => {
  await show();
  socket().says(hello());
  await expect.element(page.getByText("Connected")).toBeVisible();
  await expect.element(page.getByRole("group", { name: "Keys for build" })).not.toBeInTheDocument();
});

test("leaving closes the line and leaves the shell alone", async () => {
  const shown = await show();
  socket().says(hello());
  await shown.unmount();
  expect(socket().readyState).toBe(3);
  expect(server.sets).toEqual([]);
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test("nothing stands in anybody’s way, colours and notices included", async () => {
    await show({}, scheme);
    socket().says(hello());
    const colours = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((n) => [`\x1b[3${n}mcolour${n}`, `\x1b[9${n}mbright${n}`]);
    socket().prints(colours.join("\x1b[0m\r\n"));
    socket().says({ op: "size", cols: 40, rows: 20, by: "Bob", you: false });
    socket().says({ op: "exit", signal: "SIGKILL" });
    await shows("bright7");
    await page.getByRole("button", { name: "Screen reader mode" }).click();
    await vi.waitFor(() => expect(document.querySelector(".xterm-accessibility")).not.toBeNull());
    const { violations } = await axe.run(document.body, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => [node.html, node.any[0]?.message])])).toEqual([]);
  });
});
