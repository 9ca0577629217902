import { beforeEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { FakeServer } from "../live/FakeServer";
import { fakeSite } from "./fakeSite";
import { showPage, wrongForAxe } from "./showPage";

beforeEach(() => page.viewport(1280, 800));

const MINUTE = 60_000;
const now = Date.now();

function putServer(server: FakeServer, changes: Record<string, unknown> = {}): void {
  server.put("server_stats", {
    id: "server",
    time: now,
    window_ms: 60_000,
    started: now - 3 * 60 * MINUTE,
    version: "1.2.3",
    connections: 48,
    subscriptions: 1250,
    shared_queries: 310,
    changes_per_second: 12.34,
    delivered_per_second: 123.4,
    fan_out_p50_ms: 0.42,
    fan_out_p99_ms: 3.2,
    commits_per_second: 8,
    writes_per_commit: 1.6,
    commit_p50_ms: 1.2,
    commit_p99_ms: 7,
    commits_failed: 0,
    wal_bytes: 1_200_000,
    requests_per_second: 4,
    sent_per_second: 120_000,
    received_per_second: 3000,
    cpu: 0.31,
    processors: 2,
    memory: 84_000_000,
    heap: 31_000_000,
    goroutines: 412,
    tables_refused: 0,
    open_files: 63,
    disk_free: 41_000_000_000,
    disk_size: 80_000_000_000,
    disk_full: false,
    ...changes,
  });
}

function putTable(server: FakeServer, name: string, changes: Record<string, unknown> = {}): void {
  server.put("table_stats", {
    name,
    subscriptions: 0,
    shared_queries: 0,
    new_starts: 0,
    gets: 0,
    sets: 0,
    errors: 0,
    slow: 0,
    changes_per_second: 0,
    delivered_per_second: 0,
    ...changes,
  });
}

/** A site on which something happens. */
function busySite(): FakeServer {
  const server = fakeSite();
  putServer(server);
  putTable(server, "projects", { gets: 120, sets: 3, subscriptions: 40, get_p99_ms: 1.8 });
  putTable(server, "patches", {
    gets: 14,
    sets: 900,
    fan_out_p50_ms: 0.4,
    fan_out_p99_ms: 3.1,
    changes_per_second: 12,
  });
  putTable(server, "cursors", { gets: 50, subscriptions: 2 });
  putTable(server, "terminals");
  server.put("slow_queries", {
    id: "1",
    time: now - 5 * MINUTE,
    table: "projects",
    duration_ms: 1240,
    text: '{"projects": [{"id": null, "users": {"?": {"role": "?"}}}]} limit ?',
    looked_at: 81_000,
    answered: 20,
  });
  return server;
}

/** Puts three nodes of a database, of which as many are there as is said. */
function putNodes(server: FakeServer, up: number): void {
  for (const [i, name] of ["lab1_x7q", "lab2_k20", "lab3_m44"].entries()) {
    server.put("database_nodes", {
      name,
      up: i < up,
      time: now,
      host: `lab${i + 1}`,
      tables: 24,
      ...(i < up && { version: "2.4.4", started: now - 26 * 60 * MINUTE }),
    });
  }
}

/** The names of the tables in the order in which they stand. */
function order(): (string | null)[] {
  return Array.from(document.querySelectorAll("tbody th"), (cell) => cell.textContent);
}

test("an administrator finds what the server does in words and units, and it stays true", async () => {
  const server = busySite();
  await showPage(server, "/projects");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Server" }).click();
  await expect
    .element(page.getByText("Version 1.2.3, up for 3 hours. Rates and times are of the last 60 seconds."))
    .toBeVisible();
  const figures = page.getByRole("region", { name: "Figures", exact: true });
  await expect.element(figures.getByText("12 a second", { exact: true })).toBeVisible();
  await expect.element(figures.getByText("99 of 100 take less, half under 0.4 ms")).toBeVisible();
  await expect.element(figures.getByText("84 MB")).toBeVisible();
  await expect.element(figures.getByText("41 GB free")).toBeVisible();
  await expect.element(figures.getByText("1,250 watches, 310 different")).toBeVisible();
  await expect.element(page.getByRole("img", { name: "Memory in the last minutes" })).toBeInTheDocument();
  putServer(server, { time: now + 2000, connections: 1, changes_per_second: 0 });
  await expect.element(figures.getByText("0 a second", { exact: true })).toBeVisible();
  const line = page.getByRole("img", { name: "Changes a second in the last minutes" });
  await vi.waitFor(() => expect(line.element().querySelector("path")?.getAttribute("d")).toContain("L100 100"));
});

test("tables are sorted by any column, also with the keyboard", async () => {
  await showPage(busySite(), "/server");
  await vi.waitFor(() => expect(order()).toEqual(["projects", "cursors", "patches"]));
  await page.getByRole("button", { name: "Sets", exact: true }).click();
  expect(order()).toEqual(["patches", "projects", "cursors"]);
  await expect
    .element(page.getByRole("columnheader", { name: "Sets", exact: true }))
    .toHaveAttribute("aria-sort", "descending");
  page.getByRole("button", { name: "Table", exact: true }).element().focus();
  await userEvent.keyboard("{Enter}");
  await vi.waitFor(() => expect(order()).toEqual(["cursors", "patches", "projects"]));
});

test("tables of which nobody asks anything are shown when one wants them", async () => {
  await showPage(busySite(), "/server");
  await page.getByRole("button", { name: "Show 1 quiet table too" }).click();
  expect(order()).toEqual(["projects", "cursors", "patches", "terminals"]);
  await page.getByRole("button", { name: "Show busy tables only" }).click();
  expect(order()).toEqual(["projects", "cursors", "patches"]);
});

test("a slow query is shown by its text, with what it took", async () => {
  await showPage(busySite(), "/server");
  const list = page.getByRole("list", { name: "Slow queries" });
  await expect.element(list.getByText("1.2 s")).toBeVisible();
  await expect.element(list.getByText("81,000 rows looked at, 20 answered, 5 minutes ago")).toBeVisible();
  await expect.element(list.getByText('"users": {"?": {"role": "?"}}', { exact: false })).toBeVisible();
});

test("a quiet server says so, and one that has just been opened waits for figures", async () => {
  const server = fakeSite();
  await showPage(server, "/server");
  await expect.element(page.getByText("No slow queries")).toBeVisible();
  await expect.element(page.getByText(/the first figures/).first()).toBeVisible();
  putServer(server, {
    window_ms: 0,
    changes_per_second: undefined,
    fan_out_p50_ms: undefined,
    fan_out_p99_ms: undefined,
    writes_per_commit: undefined,
  });
  await expect.element(page.getByText("Rates and times come in a moment.", { exact: false })).toBeVisible();
  await expect.element(page.getByText("Nothing was measured.")).toBeVisible();
});

test("a database in a file has no nodes to show", async () => {
  await showPage(busySite(), "/server");
  await expect.element(page.getByRole("list", { name: "Slow queries" })).toBeVisible();
  await expect.element(page.getByRole("list", { name: "Nodes of the database" })).not.toBeInTheDocument();
});

test("each node of the database is shown, and what to do when one is away, or too many", async () => {
  const server = busySite();
  putNodes(server, 3);
  await showPage(server, "/server");
  const nodes = page.getByRole("list", { name: "Nodes of the database" });
  await expect
    .element(nodes.getByRole("listitem").first())
    .toHaveTextContent("lab1_x7qUplab1, RethinkDB 2.4.4, up for 26 hours, 24 tables");
  await expect.element(page.getByText("A cluster of 3 nodes, asked every ten seconds.")).toBeVisible();
  await expect.element(page.getByText("fewer copies", { exact: false })).not.toBeInTheDocument();
  putNodes(server, 2);
  await expect.element(nodes.getByRole("listitem").last()).toHaveTextContent("lab3_m44Awaylab3, should have 24 tables");
  await expect
    .element(
      page.getByText("1 node is away. Everything goes on, but with fewer copies: start it again", { exact: false }),
    )
    .toBeVisible();
  putNodes(server, 1);
  putServer(server, { time: now + 2000, tables_refused: 24 });
  await expect
    .element(page.getByText("24 tables cannot be written, because too many nodes are away.", { exact: false }))
    .toBeVisible();
  await expect.element(page.getByText("fewer copies", { exact: false })).not.toBeInTheDocument();
});

test("a full disk is said at once, with what to do", async () => {
  const server = busySite();
  putServer(server, { disk_full: true, disk_free: 0 });
  await showPage(server, "/server");
  await expect.element(page.getByRole("alert")).toHaveTextContent("The disk is full: nothing can be saved.");
});

test("who is no administrator has no entry, and the address says why", async () => {
  const server = busySite();
  server.put("accounts", { id: "ada", name: "Ada Lovelace", email_address: "ada@example.org", administrator: false });
  await showPage(server, "/server");
  await expect.element(page.getByText("is shown to administrators only", { exact: false })).toBeVisible();
  await expect.element(page.getByRole("region", { name: "Figures", exact: true })).not.toBeInTheDocument();
  await page.getByRole("button", { name: /^Account/ }).click();
  await expect.element(page.getByRole("menuitem", { name: "Settings" })).toBeVisible();
  await expect.element(page.getByRole("menuitem", { name: "Server" })).not.toBeInTheDocument();
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each([1280, 390])("the server at %i px has nothing that axe finds wrong, and fits", async (width) => {
    await page.viewport(width, 800);
    const server = busySite();
    putNodes(server, 2);
    await showPage(server, "/server", scheme);
    await expect.element(page.getByRole("list", { name: "Slow queries" })).toBeVisible();
    await expect.element(page.getByRole("list", { name: "Nodes of the database" })).toBeVisible();
    await expect.element(page.getByRole("table")).toBeInTheDocument();
    expect(await wrongForAxe()).toEqual([]);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
  });
});
