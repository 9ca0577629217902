import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";
import { type Budget, check, gzipSize, type Manifest } from "./budget.ts";

/** Prints what each page costs after a build and fails it where that is too much. */
export function budgetPlugin(budgets: readonly Budget[]): Plugin {
  let folder = "";
  return {
    name: "lyceum-budget",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const manifest = JSON.parse(readFileSync(resolve(folder, "manifest.json"), "utf8")) as Manifest;
      const lines = check(manifest, budgets, gzipSize(folder));
      for (const { name, kib, limit } of lines) {
        this.info(`${name.padEnd(12)} ${kib.toFixed(1).padStart(7)} of ${limit} KiB`);
      }
      const over = lines.filter((line) => line.over).map((line) => line.name);
      if (over.length > 0) {
        this.error(
          `Too much is loaded for: ${over.join(", ")}. Load it later, or raise the budget in vite.config.ts and say why.`,
        );
      }
    },
  };
}
