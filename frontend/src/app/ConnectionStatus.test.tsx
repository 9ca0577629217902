import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { render } from "vitest-browser-react";
import { FakeConnection } from "../live/fakeConnection";
import { LiveStore } from "../live/LiveStore";
import { LiveStoreProvider } from "../live/react";
import { UiProvider } from "../ui/UiProvider";
import { Waiting, WaitingHelpProvider } from "../ui/Waiting";
import { AskAgain } from "./AskAgain";
import { ConnectionBanner, ConnectionStatus } from "./ConnectionStatus";
import { wrongForAxe } from "./showPage";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

async function setUp() {
  const server = new FakeConnection();
  const store = new LiveStore(server);
  server.opens("ada");
  await render(
    <LiveStoreProvider value={store}>
      <UiProvider scheme="light">
        <main>
          <ConnectionStatus />
          <ConnectionBanner />
          <WaitingHelpProvider value={<AskAgain />}>
            <Waiting what="the files" />
          </WaitingHelpProvider>
        </main>
      </UiProvider>
    </LiveStoreProvider>,
  );
  const saving = page.getByRole("status", { name: "State of saving" });
  const set = (name: string) => store.set("accounts", { id: "ada", name });
  const answer = () => server.says({ op: "answer", id: server.lastAsk("accounts").id, row: { id: "ada" } });
  return { server, saving, set, answer };
}

// A word that flashes with every change tells nothing; one that is missing when the server is slow loses trust.
test("what is not saved for a while is counted, in words that a screen reader says", async () => {
  const { saving, set, answer } = await setUp();
  const first = set("A");
  vi.advanceTimersByTime(900);
  await expect.element(saving).toHaveTextContent(/^$/);
  answer();
  await first;
  void set("B");
  vi.advanceTimersByTime(900);
  await expect.element(saving).toHaveTextContent(/^$/);
  void set("C");
  vi.advanceTimersByTime(200);
  await expect.element(saving).toHaveTextContent("Saving 2 changes…");
  answer();
  await expect.element(saving).toHaveTextContent("Saving 1 change…");
  vi.useRealTimers(); // axe waits too
  expect(await wrongForAxe()).toEqual([]);
});

test("without a connection it says that they wait for it", async () => {
  const { server, saving, set } = await setUp();
  server.drops();
  void set("A");
  void set("B");
  void set("C");
  vi.advanceTimersByTime(1500);
  await expect.element(saving).toHaveTextContent("3 changes wait for the connection");
});

// "The server cannot be reached" would send people to look for a fault that is not there.
test("a server without its database says so, and that what is typed is kept and sent", async () => {
  const { server, saving, set } = await setUp();
  server.drops("no_database");
  void set("A");
  vi.advanceTimersByTime(1500);
  const banner = page.getByText(/^The server is there, but its database cannot be reached\. You can go on writing/);
  await expect.element(banner).toHaveTextContent("all changes are kept in this browser, and sent when it is back.");
  await expect.element(saving).toHaveTextContent("1 change waits for the connectionNo database");
  await expect.element(page.getByText(/The server cannot be reached/)).not.toBeInTheDocument();
  vi.useRealTimers(); // axe waits too
  expect(await wrongForAxe()).toEqual([]);
  server.drops();
  await expect.element(page.getByText(/^The server cannot be reached/)).toBeInTheDocument();
});

test("whoever waits for long can ask again, or connect", async () => {
  const { server } = await setUp();
  await expect.element(page.getByText("Loading the files…")).toBeInTheDocument();
  vi.advanceTimersByTime(4000);
  await expect.element(page.getByText("Still loading the files.")).toBeInTheDocument();
  await expect.element(page.getByRole("button", { name: "Ask again" })).toBeInTheDocument();
  server.drops();
  await page.getByRole("button", { name: "Connect now" }).click();
  expect(server.retries).toBe(1);
});
