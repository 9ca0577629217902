import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { LiveStoreProvider } from "../live/react";
import type { LiveStore } from "../live/LiveStore";
import { basePath } from "../wire/http";
import { UiProvider } from "../ui/UiProvider";
import { makeRouter } from "./routes";
import { useScheme } from "./scheme";

/** Everything around the pages. */
export function App({ store }: { store: LiveStore }) {
  return (
    <LiveStoreProvider value={store}>
      <Themed />
    </LiveStoreProvider>
  );
}

function Themed() {
  const [router] = useState(() => makeRouter(basePath()));
  return (
    <UiProvider scheme={useScheme()}>
      <RouterProvider router={router} />
    </UiProvider>
  );
}
