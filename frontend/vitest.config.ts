import react from "@vitejs/plugin-react";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** Debian's chromium; LYCEUM_CHROMIUM names another. As root it has no sandbox of its own. */
const launchOptions = {
  executablePath: process.env.LYCEUM_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
};

/**
 * Everything from outside that the pages import, so that all of it is prepared
 * before the first test: what is found only when a test comes to it reloads the
 * page under that test.
 */
const outside = [
  "@codemirror/autocomplete",
  "@codemirror/commands",
  "@codemirror/lang-json",
  "@codemirror/lang-markdown",
  "@codemirror/lang-python",
  "@codemirror/language",
  "@codemirror/legacy-modes/mode/stex",
  "@codemirror/lint",
  "@codemirror/search",
  "@codemirror/state",
  "@codemirror/view",
  "@lezer/highlight",
  "@mantine/core",
  "@tabler/icons-react",
  "@tanstack/react-router",
  "@tanstack/react-virtual",
  "@xterm/addon-fit",
  "@xterm/addon-search",
  "@xterm/addon-unicode-graphemes",
  "@xterm/addon-web-links",
  "@xterm/xterm",
  "axe-core",
  "cborg",
  "lib0/decoding",
  "lib0/encoding",
  "react",
  "react-dom",
  "react-dom/client",
  "react-resizable-panels",
  "react/jsx-dev-runtime",
  "vitest-browser-react",
  "y-codemirror.next",
  "yjs",
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "pure",
          environment: "node",
          include: ["src/**/*.test.ts", "build/**/*.test.ts"],
        },
      },
      {
        plugins: [react()],
        optimizeDeps: { include: outside },
        test: {
          name: "browser",
          include: ["src/**/*.test.tsx"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
