import { defineConfig } from "@playwright/test";

/** The executable in a real Chromium; each test starts a server of its own. */
export default defineConfig({
  testDir: "e2e",
  timeout: 60_000,
  retries: 0, // a test that passes at the second try has found something
  workers: 1, // two browsers and a server each: two cores are busy
  forbidOnly: true,
  reporter: "line",
  use: {
    launchOptions: {
      executablePath: "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
    viewport: { width: 1280, height: 800 },
    actionTimeout: 10_000,
    trace: "off",
  },
});
