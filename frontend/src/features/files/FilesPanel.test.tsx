import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { render } from "vitest-browser-react";
import { FakeServer } from "../../live/FakeServer";
import { LiveStore } from "../../live/LiveStore";
import { LiveStoreProvider } from "../../live/react";
import { Toasts } from "../../ui/Toasts";
import { UiProvider } from "../../ui/UiProvider";
import { FilesPanel, type FilesPanelProps } from "./FilesPanel";

let server: FakeServer;

beforeEach(async () => {
  await page.viewport(900, 700);
  server = new FakeServer();
});
afterEach(() => vi.restoreAllMocks());

const entry = (kind: string, size = 0, modified = 1_700_000_000_000) => ({ kind, size, modified, mode: 0o644 });

const home = {
  project_id: "p1",
  path: "",
  cut: false,
  time: 0,
  entries: {
    "slides.tex": entry("file", 12_345),
    "figure.png": entry("file", 99),
    chapters: entry("directory"),
    ".bashrc": entry("file", 10),
  },
};

const usual = { projectId: "p1", path: "", role: "editor" } as const;

async function show(props: Partial<FilesPanelProps> = {}, scheme: "light" | "dark" = "light", width = 800) {
  const onOpen = vi.fn();
  const onOpenTerminal = vi.fn();
  const store = new LiveStore(server);
  const shown = await render(
    <UiProvider scheme={scheme}>
      <LiveStoreProvider value={store}>
        <main style={{ width, height: 600 }}>
          <h1>Project</h1>
          <FilesPanel {...usual} onOpen={onOpen} onOpenTerminal={onOpenTerminal} {...props} />
        </main>
        <Toasts />
      </LiveStoreProvider>
    </UiProvider>,
  );
  return { onOpen, onOpenTerminal, shown };
}

const names = () =>
  Array.from(document.querySelectorAll<HTMLElement>("[data-name]"), (element) => element.dataset["name"]);

test("a folder is shown as it is, and as it changes", async () => {
  server.put("directories", home);
  await show();
  await vi.waitFor(() => expect(names()).toEqual(["chapters", "figure.png", "slides.tex"]));
  await expect.element(page.getByText("12 KB")).toBeVisible();
  server.put("directories", { ...home, entries: { ...home.entries, "new.md": entry("file") } });
  await vi.waitFor(() => expect(names()).toContain("new.md"));
});

test("text opens in the editor, a folder opens here, a picture is downloaded", async () => {
  server.put("directories", home);
  const { onOpen } = await show();
  await page
    .getByRole("button", { name: /slides.tex$/ })
    .first()
    .click();
  await page.getByRole("button", { name: /^Folder\s*chapters/ }).click();
  expect(onOpen.mock.calls).toEqual([
    ["slides.tex", "file"],
    ["chapters", "directory"],
  ]);
  const picture = page.getByRole("link", { name: /figure.png/ });
  expect(new URL((picture.element() as HTMLAnchorElement).href).pathname).toMatch(
    /\/api\/projects\/p1\/files\/figure.png$/,
  );
});

test("the way back leads over every folder", async () => {
  server.put("directories", { ...home, path: "a/b c" });
  const { onOpen } = await show({ path: "a/b c" });
  await page.getByRole("button", { name: "a", exact: true }).click();
  await page.getByRole("button", { name: "Home of the project" }).click();
  expect(onOpen.mock.calls).toEqual([
    ["a", "directory"],
    ["", "directory"],
  ]);
});

test("a new file is made by a row of file_actions, then opened", async () => {
  server.put("directories", { ...home, path: "chapters" });
  const { onOpen } = await show({ path: "chapters" });
  await page.getByRole("button", { name: "New file" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("a/b");
  await page.getByRole("button", { name: "Create file" }).click();
  await expect.element(page.getByText(/cannot contain “\/”/)).toBeVisible();
  await page.getByRole("textbox", { name: "Name" }).fill("one.md");
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(onOpen).toHaveBeenCalledWith("chapters/one.md", "file"));
  expect(server.sets).toHaveLength(1);
  expect(server.sets[0]?.[1]).toMatchObject({ project_id: "p1", action: "create_file", path: "chapters/one.md" });
});

test("what the server refuses is said in its words, and nothing is lost", async () => {
  server.put("directories", home);
  server.on("file_actions", () => {
    throw { kind: "conflict", message: "There is a folder of this name already." };
  });
  await show();
  await page.getByRole("button", { name: "New folder" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("chapters");
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByRole("alert").first()).toHaveTextContent("There is a folder of this name already.");
  await expect.element(page.getByRole("textbox", { name: "Name" })).toHaveValue("chapters");
});

test("by keyboard alone: down, rename with F2, delete after a question", async () => {
  server.put("directories", home);
  await show();
  await vi.waitFor(() => expect(names()).toHaveLength(3));
  document.querySelector<HTMLElement>("[data-name=chapters]")?.focus();
  await userEvent.keyboard("{ArrowDown}{ArrowDown}");
  await vi.waitFor(() => expect((document.activeElement as HTMLElement).dataset["name"]).toBe("slides.tex"));
  await userEvent.keyboard("{F2}");
  await page.getByRole("textbox", { name: "Name" }).fill("talk.tex");
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() =>
    expect(server.sets.at(-1)?.[1]).toMatchObject({ action: "rename", path: "slides.tex", to: "talk.tex" }),
  );
  await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
  document.querySelector<HTMLElement>("[data-name=chapters]")?.focus();
  await userEvent.keyboard("{Delete}");
  await expect.element(page.getByText(/everything in it/)).toBeVisible();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await vi.waitFor(() => expect(server.sets.at(-1)?.[1]).toMatchObject({ action: "delete", path: "chapters" }));
});

test("D11 a viewer looks and downloads, and is told what for", async () => {
  server.put("directories", home);
  await show({ role: "viewer" });
  const button = page.getByRole("button", { name: "New file" });
  await expect.element(button).toHaveAttribute("aria-disabled", "true");
  await button.click({ force: true });
  await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
});

test("hidden files appear when asked for", async () => {
  server.put("directories", home);
  await show();
  await expect.element(page.getByText("1 hidden")).toBeVisible();
  await page.getByRole("button", { name: "How files are shown" }).click();
  await page.getByRole("menuitem", { name: "Show hidden files" }).click();
  await vi.waitFor(() => expect(names()).toContain(".bashrc"));
});

test("an empty folder says what to do first, a stopped project why nothing is there", async () => {
  server.put("directories", { ...home, entries: {} });
  await show();
  await expect.element(page.getByText("This folder is empty")).toBeVisible();
  server.put("directories", { project_id: "p1", path: "", cut: false, time: 1, error: "The project is not running." });
  await expect.element(page.getByText("The project is not running.")).toBeVisible();
});

test("offline the list stays and says that it may be old", async () => {
  server.put("directories", home);
  await show();
  await vi.waitFor(() => expect(names()).toHaveLength(3));
  server.drop();
  await expect.element(page.getByText(/may be out of date/)).toBeVisible();
  expect(names()).toHaveLength(3);
});

test("ten thousand files are listed without ten thousand rows", async () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`file${at}.txt`, entry("file", at)]));
  server.put("directories", { ...home, entries: many });
  await show();
  await vi.waitFor(() => expect(names()[0]).toBe("file0.txt"));
  expect(names().length).toBeLessThan(120);
  document.querySelector<HTMLElement>("[data-name='file0.txt']")?.focus();
  await userEvent.keyboard("{End}");
  await vi.waitFor(() => expect((document.activeElement as HTMLElement).dataset["name"]).toBe("file9999.txt"));
});

describe("terminals", () => {
  test("a new one is a row with a free title, and is opened", async () => {
    server.put("directories", home);
    server.put("terminals", { id: "t1", project_id: "p1", title: "Terminal", created: 1 });
    const { onOpenTerminal } = await show();
    await expect.element(page.getByRole("button", { name: "Terminal", exact: true })).toBeVisible();
    await page.getByRole("button", { name: "New terminal" }).click();
    await vi.waitFor(() => expect(onOpenTerminal).toHaveBeenCalledTimes(1));
    expect(server.sets[0]?.[1]).toEqual({ id: "new", project_id: "p1", title: "Terminal 2" });
  });

  test("one is renamed in its place: Enter keeps the title, Escape leaves it", async () => {
    server.put("directories", home);
    server.put("terminals", { id: "t1", project_id: "p1", title: "build", created: 1 });
    await show();
    await page.getByRole("button", { name: "Actions for build" }).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.getByRole("textbox", { name: "New title of build" }).fill("tests");
    await userEvent.keyboard("{Escape}");
    await expect.element(page.getByRole("button", { name: "build", exact: true })).toBeVisible();
    expect(server.sets).toEqual([]);
    (page.getByRole("button", { name: "build", exact: true }).element() as HTMLElement).focus();
    await userEvent.keyboard("{F2}");
    await page.getByRole("textbox", { name: "New title of build" }).fill(" tests ");
    await userEvent.keyboard("{Enter}");
    await vi.waitFor(() => expect(server.sets[0]?.[1]).toEqual({ id: "t1", title: "tests" }));
  });

  test("5,000 of them are not all listed at once", async () => {
    server.put("directories", home);
    for (let at = 0; at < 5000; at++)
      server.put("terminals", { id: `t${at}`, project_id: "p1", title: `shell ${at}`, created: at });
    await show();
    await expect.element(page.getByRole("button", { name: "Show all 5000 terminals" })).toBeInTheDocument();
    expect(document.querySelectorAll('[aria-label^="Actions for shell"]')).toHaveLength(100);
  });

  test("ending one asks first", async () => {
    server.put("terminals", { id: "t1", project_id: "p1", title: "build", created: 1 });
    await show();
    await page.getByRole("button", { name: "Actions for build" }).click();
    await page.getByRole("menuitem", { name: "End and remove" }).click();
    await expect.element(page.getByText(/ends for everybody/)).toBeVisible();
    await page.getByRole("button", { name: "End and remove" }).click();
    await vi.waitFor(() => expect(server.sets[0]?.[2]).toMatchObject({ delete: true }));
  });
});

test("dropped files are uploaded; one that exists is asked about", async () => {
  server.put("directories", home);
  const sent: string[] = [];
  vi.spyOn(XMLHttpRequest.prototype, "open").mockImplementation(function (this: XMLHttpRequest, method, url) {
    sent.push(`${method} ${url}`);
  });
  const requests: XMLHttpRequest[] = [];
  vi.spyOn(XMLHttpRequest.prototype, "send").mockImplementation(function (this: XMLHttpRequest) {
    requests.push(this);
  });
  await show();
  await vi.waitFor(() => expect(names()).toHaveLength(3));
  const data = new DataTransfer();
  data.items.add(new File(["hello"], "my notes.md"));
  const panel = document.querySelector("main > div") as HTMLElement;
  panel.dispatchEvent(new DragEvent("dragenter", { dataTransfer: data, bubbles: true, cancelable: true }));
  await expect.element(page.getByText(/Drop files to upload/)).toBeVisible();
  panel.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  await expect.element(page.getByRole("progressbar", { name: "Uploading my notes.md" })).toBeVisible();
  const request = requests[0] as XMLHttpRequest;
  Object.defineProperty(request, "status", { value: 409 });
  Object.defineProperty(request, "responseText", {
    value: `{"kind":"conflict","message":"There is a file of this name."}`,
  });
  request.dispatchEvent(new ProgressEvent("load"));
  await page.getByRole("button", { name: "Replace it" }).click();
  expect(sent).toEqual([
    "PUT api/projects/p1/files/my%20notes.md",
    "PUT api/projects/p1/files/my%20notes.md?overwrite=1",
  ]);
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each([800, 230])("nothing stands in anybody's way at %d px", async (width) => {
    server.put("directories", home);
    server.put("terminals", { id: "t1", project_id: "p1", title: "build", created: 1 });
    await show({ path: "" }, scheme, width);
    await vi.waitFor(() => expect(names()).toHaveLength(3));
    const { violations } = await axe.run(document.body, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
    expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
  });
});
