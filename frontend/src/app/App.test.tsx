import { expect, test } from "vitest";
import { render } from "vitest-browser-react";
import { LiveStore } from "../live/LiveStore";
import { App } from "./App";
import { fakeSite } from "./fakeSite";

const scheme = () => document.documentElement.dataset["mantineColorScheme"];

// Whoever has chosen dark must not be shown light pages, neither at once nor after a reload without a connection.
test("the account's theme holds at once, follows changes, and is known before the server answers", async () => {
  localStorage.clear();
  const server = fakeSite();
  const themed = (theme: string) => server.put("accounts", { id: "ada", name: "Ada", editor_settings: { theme } });
  themed("dark");
  const shown = await render(<App store={new LiveStore(server)} />);
  await expect.poll(scheme).toBe("dark");
  themed("light");
  await expect.poll(scheme).toBe("light");
  themed("dark");
  await expect.poll(scheme).toBe("dark");
  await shown.unmount();

  server.drop();
  document.documentElement.dataset["mantineColorScheme"] = "";
  await render(<App store={new LiveStore(server)} />);
  await expect.poll(scheme).toBe("dark");
});
