import { FakeServer } from "../live/FakeServer";
import type { Project } from "../wire/types.gen";

/** For tests: a server with Ada, who looks, Bob, and one project of both. */
export function fakeSite(changes: Partial<Project> = {}): FakeServer {
  const server = new FakeServer();
  server.put("site_settings", { id: "site", name: "Lyceum", sign_up: "invitation", first_account: false });
  server.put("accounts", {
    id: "ada",
    name: "Ada Lovelace",
    email_address: "ada@example.org",
    administrator: true,
    created: 0,
    editor_settings: { theme: "light", font_size: 14, keymap: "default", line_wrapping: true, tab_size: 4 },
  });
  server.put("collaborators", { id: "ada", name: "Ada Lovelace" });
  server.put("collaborators", { id: "bob", name: "Bob Noyce" });
  server.put("sessions", { id: "s1", account_id: "ada", created: Date.now(), user_agent: "Firefox/140 Linux" });
  putProject(server, changes);
  return server;
}

export function putProject(server: FakeServer, changes: Partial<Project> = {}): void {
  server.put("projects", {
    id: "p1",
    title: "Graph theory",
    description: "Slides and exercises.",
    users: { ada: { role: "owner", since: 0 }, bob: { role: "editor", since: 0 } },
    created: 0,
    last_edited: Date.now(),
    state: { state: "running", since: Date.now() },
    ...changes,
  });
}

/** What was set, but for visits: those come with every click. */
export function setsOf(server: FakeServer): FakeServer["sets"] {
  return server.sets.filter(([table]) => table !== "project_visits");
}
