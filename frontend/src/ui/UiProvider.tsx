import "./base.css";
import { type MantineColorSchemeManager, MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { theme, variables } from "./theme";

export type Scheme = "auto" | "light" | "dark";

/** Mantine must keep nothing in the browser: the scheme is a setting of the account. */
const stateless: MantineColorSchemeManager = {
  get: () => "auto",
  set: () => undefined,
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => undefined,
};

/** What every component of this folder needs around it. "auto" follows the computer. */
export function UiProvider({ scheme, children }: { scheme: Scheme; children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={stateless}
      defaultColorScheme="auto"
      forceColorScheme={scheme === "auto" ? undefined : scheme}
    >
      {children}
    </MantineProvider>
  );
}
