import { beforeEach, describe, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { curlExample } from "../features/settings/apiKeys";
import type { WireError } from "../wire/types.gen";
import { fakeSite } from "./fakeSite";
import { showPage, wrongForAxe } from "./showPage";

beforeEach(() => page.viewport(1200, 800));

test("a name is saved; a refused one is taken back, with the server's sentence", async () => {
  const server = fakeSite();
  await showPage(server, "/settings");
  await page.getByLabelText("Name", { exact: true }).fill("Ada King");
  await page.getByRole("button", { name: "Save name" }).first().click();
  await expect.element(page.getByText("Your name has been saved.")).toBeVisible();
  expect(server.sets[0]).toEqual(["accounts", { id: "ada", name: "Ada King" }, { set: true }]);

  const refused: WireError = { kind: "invalid", message: "A name is one line." };
  server.on("accounts", () => {
    throw refused;
  });
  await page.getByLabelText("Name", { exact: true }).fill("No");
  await page.getByRole("button", { name: "Save name" }).first().click();
  await expect.element(page.getByRole("alert")).toHaveTextContent("A name is one line.");
  await expect.element(page.getByRole("button", { name: "Account: Ada King" })).toBeVisible();
});

test("editor settings hold at once, and only good numbers are set", async () => {
  const server = fakeSite();
  await showPage(server, "/settings");
  await page.getByLabelText("Theme").selectOptions("dark");
  await page.getByLabelText("Font size in pixels").fill("99");
  await expect.element(page.getByText("A whole number from 8 to 40.")).toBeVisible();
  await page.getByLabelText("Font size in pixels").fill("20");
  await page.getByLabelText("Wrap long lines").click();
  await vi.waitFor(() =>
    expect(server.sets.map(([, row]) => row["editor_settings"])).toEqual([
      { theme: "dark" },
      { font_size: 20 },
      { line_wrapping: false },
    ]),
  );
});

test("an invitation's link is shown once, whole, and the invitation can be revoked", async () => {
  const server = fakeSite();
  server.on("registration_tokens", (row, { delete: gone }) => {
    if (gone) server.remove("registration_tokens", row);
    else {
      server.put("registration_tokens", {
        id: "r1",
        account_id: "ada",
        created: Date.now(),
        uses: 0,
        max_uses: 1,
        note: "Bob",
      });
    }
    return { ...row, id: "r1", link: "sign-up#token=secret" };
  });
  await showPage(server, "/settings");
  await page.getByRole("button", { name: "Create invitation" }).click();
  await page.getByLabelText("Note").fill("Bob");
  await page.getByRole("button", { name: "Create link" }).click();
  const link = page.getByLabelText("Invitation link", { exact: true });
  await expect.element(link).toHaveValue(`${location.origin}/sign-up#token=secret`);
  await page.getByRole("button", { name: "Close" }).first().click();
  await expect.element(link).not.toBeInTheDocument();
  await page.getByRole("list", { name: "Invitations" }).getByRole("button", { name: "Revoke" }).click();
  await expect.element(page.getByText("No invitations")).toBeVisible();
});

test("an API key is made as narrow as it was asked for, shown once, and revoked after a question", async () => {
  const server = fakeSite();
  server.on("api_keys", (row, { delete: gone }) => {
    if (gone) server.remove("api_keys", row);
    else server.put("api_keys", { ...row, id: "k1", account_id: "ada", created: Date.now() });
    return { ...row, id: "k1", key: "lyceum_secret" };
  });
  await showPage(server, "/settings");
  await expect.element(page.getByText("No API keys")).toBeVisible();
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByRole("dialog").getByLabelText("Name").fill("Grades");
  await expect.element(page.getByLabelText("Project", { exact: true })).toHaveValue("p1");
  await page.getByRole("button", { name: "Create key" }).click();
  await expect.element(page.getByLabelText("API key", { exact: true })).toHaveValue("lyceum_secret");
  await expect
    .element(page.getByLabelText("Example", { exact: true }))
    .toHaveValue(curlExample(`${location.origin}/api/query`, "lyceum_secret"));
  const { expires, ...row } = server.sets[0]?.[1] ?? {};
  expect(row).toEqual({ id: "new", name: "Grades", scope: "project", project_id: "p1", read_only: true });
  expect(expires).toBeGreaterThan(Date.now());

  await page.getByRole("button", { name: "Close" }).first().click();
  const list = page.getByRole("list", { name: "API keys" });
  await expect.element(list.getByText("Only Graph theory")).toBeVisible();
  await expect.element(list.getByText("Read only")).toBeVisible();
  await list.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await list.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Revoke key" }).click();
  await expect.element(page.getByText("No API keys")).toBeVisible();
  expect(server.sets.slice(1)).toEqual([["api_keys", { id: "k1" }, { delete: true }]]);
});

test("a sign-in is ended by its row", async () => {
  const server = fakeSite();
  await showPage(server, "/settings");
  const list = page.getByRole("list", { name: "Sign-ins" });
  await expect.element(list.getByText("Firefox on Linux")).toBeVisible();
  await list.getByRole("button", { name: "Sign out" }).click();
  await vi.waitFor(() => expect(server.sets).toEqual([["sessions", { id: "s1" }, { delete: true }]]));
});

test("who is no administrator sees no administration", async () => {
  const server = fakeSite();
  server.put("accounts", {
    id: "ada",
    name: "Ada",
    administrator: false,
    editor_settings: { theme: "light", font_size: 14, keymap: "default", line_wrapping: true, tab_size: 4 },
  });
  await showPage(server, "/settings");
  await expect.element(page.getByRole("heading", { name: "Profile" })).toBeVisible();
  await expect.element(page.getByRole("heading", { name: "Invitations" })).not.toBeInTheDocument();
});

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  test.each([1200, 390])("settings at %i px have nothing that axe finds wrong, and fit", async (width) => {
    await page.viewport(width, 800);
    await showPage(fakeSite(), "/settings", scheme);
    await expect.element(page.getByRole("heading", { name: "Site", exact: true })).toBeVisible();
    await new Promise((resolve) => setTimeout(resolve, 400)); // transitions change colours
    expect(await wrongForAxe()).toEqual([]);
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
  });
});
