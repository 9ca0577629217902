import react from "@vitejs/plugin-react";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** Debian's chromium; LYCEUM_CHROMIUM names another. As root it has no sandbox of its own. */
const launchOptions = {
  executablePath: process.env.LYCEUM_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
};

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
        optimizeDeps: { entries: ["src/**/*.test.tsx", "src/main.tsx"] },
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
