import { createMemoryHistory } from "@tanstack/react-router";
import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { fakeSite, putProject } from "./fakeSite";
import { makeRouter } from "./routes";
import { showPage, wrongForAxe } from "./showPage";

beforeEach(() => page.viewport(1200, 800));

/** A site whose page talks to hall 2. */
function site(server: string | undefined) {
  const fake = fakeSite({ server, state: { state: "stopped", since: 0 } });
  fake.put("this_server", { id: "here", server: "s2" });
  fake.put("servers", { id: "s1", name: "hall 1", address: "https://hall1.example.org/lyceum/", started: 0 });
  fake.put("servers", { id: "s2", name: "hall 2", address: "https://hall2.example.org/", started: 0 });
  return fake;
}

const there = () => page.getByRole("link", { name: "Open it there" });

test.each([
  ["a project", "/projects/p1/files/"],
  ["a document", "/projects/p1/edit/a%20b/notes.md"],
  ["a terminal", "/projects/p1/terminals/t1"],
  ["its settings", "/projects/p1/settings"],
])("V3: %s of another server is answered with its name and a link to the same place there", async (_, address) => {
  const fake = site("s1");
  await showPage(fake, address);
  await expect.element(page.getByText("This project is on the server hall 1")).toBeVisible();
  await expect.element(there()).toHaveAttribute("href", `https://hall1.example.org/lyceum${address}`);
  expect(fake.sets).toEqual([]); // opening it here starts nothing there
  expect(await wrongForAxe()).toEqual([]);
});

test.each([
  ["this server", "s2"],
  ["nobody", undefined],
  ["a server that nobody knows", "s9"],
])("a project of %s opens as ever", async (_, server) => {
  await showPage(site(server), "/projects/p1/files/");
  await expect.element(page.getByRole("status", { name: "State of the project" })).toBeVisible();
  await expect.element(there()).not.toBeInTheDocument();
});

test("a project that comes here while one looks opens", async () => {
  const fake = site("s1");
  await showPage(fake, "/projects/p1/files/");
  await expect.element(there()).toBeVisible();
  putProject(fake, { server: "s2" });
  await expect.element(page.getByRole("status", { name: "State of the project" })).toBeVisible();
});

test("the path below which this server serves is not taken along", async () => {
  const history = createMemoryHistory({ initialEntries: ["/here/projects/p1/edit/a%20b.md"] });
  const router = makeRouter("/here/", history);
  await router.load();
  expect(router.state.location.href).toBe("/projects/p1/edit/a%20b.md");
});
