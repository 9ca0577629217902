import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import axe from "axe-core";
import { render } from "vitest-browser-react";
import { LiveStore } from "../live/LiveStore";
import { LiveStoreProvider } from "../live/react";
import { type Scheme, UiProvider } from "../ui/UiProvider";
import type { Connection } from "../wire/connection";
import { makeRouter } from "./routes";

/** For tests: the whole application at an address, on a connection that the test plays. */
export async function showPage(connection: Connection, address: string, scheme: Scheme = "light") {
  const store = new LiveStore(connection);
  const router = makeRouter("/", createMemoryHistory({ initialEntries: [address] }));
  await render(
    <LiveStoreProvider value={store}>
      <UiProvider scheme={scheme}>
        <RouterProvider router={router} />
      </UiProvider>
    </LiveStoreProvider>,
  );
  return { store, router };
}

/** What axe finds wrong with the page (WCAG 2.2 AA), in words. */
export async function wrongForAxe(): Promise<string[]> {
  const { violations } = await axe.run(document.body, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} ${node.any[0]?.message ?? ""}`),
  );
}
