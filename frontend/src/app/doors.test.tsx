import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { FakeConnection } from "../live/fakeConnection";
import { showPage, wrongForAxe } from "./showPage";

const posted: [string, unknown][] = [];
let answer: () => Response;

beforeEach(() => {
  posted.length = 0;
  answer = () => Response.json({ account_id: "ada" });
  const fetched = globalThis.fetch;
  vi.stubGlobal("fetch", (url: string, options?: RequestInit) => {
    if (options?.method !== "POST") return fetched(url, options);
    posted.push([url, JSON.parse(String(options.body))]);
    return Promise.resolve(answer());
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  location.hash = "";
});

async function open(address: string, site = {}, scheme: "light" | "dark" = "light") {
  const server = new FakeConnection();
  const shown = await showPage(server, address, scheme);
  server.opens();
  await vi.waitFor(() => server.lastAsk("site_settings"));
  const row = { id: "site", name: "Lab", sign_up: "invitation", first_account: false, ...site };
  for (const { id, query } of server.asks) {
    if ("site_settings" in (query as object)) server.says({ op: "answer", id, rows: [row], start: true });
  }
  return { server, ...shown };
}

test("signing in asks the server, connects anew as somebody, and goes where one wanted to", async () => {
  const { server, router } = await open("/sign-in?to=%2Fsettings");
  await page.getByLabelText("E-mail address").fill("ada@example.org");
  await page.getByLabelText("Password", { exact: true }).fill("a few words in a row");
  await page.getByRole("button", { name: "Sign in" }).click();
  await vi.waitFor(() => expect(server.reopened).toBe(1));
  expect(posted).toEqual([["/auth/sign-in", { email: "ada@example.org", password: "a few words in a row" }]]);
  server.opens("ada");
  await vi.waitFor(() => expect(router.state.location.pathname).toBe("/settings"));
});

test("a wrong password is said in the server's words, and what was typed stays", async () => {
  const { server } = await open("/sign-in");
  answer = () =>
    Response.json({ kind: "denied", message: "The address or the password is not right." }, { status: 403 });
  await page.getByLabelText("E-mail address").fill("ada@example.org");
  await page.getByLabelText("Password", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect.element(page.getByRole("alert")).toHaveTextContent("The address or the password is not right.");
  await expect.element(page.getByLabelText("E-mail address")).toHaveValue("ada@example.org");
  expect(server.reopened).toBe(0);
});

test("who is not signed in and opens a project is asked to sign in first, and comes back to it", async () => {
  const { router } = await open("/projects/p1/files/");
  await vi.waitFor(() => expect(router.state.location.pathname).toBe("/sign-in"));
  expect(router.state.location.search).toEqual({ to: "/projects/p1/files/" });
});

test("an invitation makes an account with the token behind #", async () => {
  location.hash = "#token=abc";
  const { server, router } = await open("/sign-up");
  await page.getByLabelText("Name").fill("Bob");
  await page.getByLabelText("E-mail address").fill("bob@example.org");
  await page.getByLabelText("Password", { exact: true }).fill("a few words in a row");
  await page.getByRole("button", { name: "Create account" }).click();
  await vi.waitFor(() => expect(server.reopened).toBe(1));
  expect(posted[0]?.[1]).toEqual({
    token: "abc",
    name: "Bob",
    email: "bob@example.org",
    password: "a few words in a row",
  });
  server.opens("bob");
  await vi.waitFor(() => expect(router.state.location.pathname).toBe("/projects"));
});

test("a link signs in at a click, not by itself: whatever previews links must not use it up", async () => {
  location.hash = "#token=once";
  await open("/sign-in");
  await expect.element(page.getByRole("heading", { name: "Sign in with your link" })).toBeVisible();
  expect(posted).toEqual([]);
  await page.getByRole("button", { name: "Sign in" }).click();
  await vi.waitFor(() => expect(posted).toEqual([["/auth/link", { token: "once" }]]));
});

test("without an invitation one is told how to get one; an open site asks for none", async () => {
  await open("/sign-up");
  await expect.element(page.getByText("New accounts are by invitation here.")).toBeVisible();
  await open("/sign-up", { sign_up: "open" });
  await expect.element(page.getByRole("button", { name: "Create account" })).toBeVisible();
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each(["/sign-in", "/sign-up"])("%s has nothing that axe finds wrong", async (address) => {
    await open(address, { sign_up: "open" }, scheme);
    await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await wrongForAxe()).toEqual([]);
  });
});
