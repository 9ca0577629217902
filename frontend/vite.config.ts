import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { budgetPlugin } from "./build/budgetPlugin.ts";

// What is there before a document or a terminal: the frame, a project and its files.
const shell = ["index.html", "src/app/Shell.tsx", "src/app/ProjectRoute.tsx", "src/features/files/FilesPanel.tsx"];

// What is there before and after a person is known to have a key. The editor is shared with documents.
const data = ["src/features/data/DataPage.tsx", "src/features/data/Console.tsx"];

export default defineConfig({
  // Relative: the server decides by <base href> under which path all of this is.
  base: "./",
  plugins: [
    react(),
    budgetPlugin([
      { name: "sign-in", pages: ["index.html", "src/features/account/SignInPage.tsx"], limit: 160 },
      { name: "shell", pages: shell, limit: 270 },
      { name: "text editor", pages: ["src/features/editor/EditorFrame.tsx"], above: shell, limit: 170 },
      {
        name: "admin",
        pages: ["src/features/admin/ServerPage.tsx", "src/app/LimitsRoute.tsx"],
        above: shell,
        limit: 40,
      },
      { name: "data", pages: data, above: [...shell, "src/features/editor/EditorFrame.tsx"], limit: 40 },
      { name: "terminal", pages: ["src/features/terminal/TerminalFrame.tsx"], above: shell, limit: 150 },
    ]),
  ],
  build: {
    outDir: "dist",
    target: "es2023",
    manifest: "manifest.json",
    // Inlined files would be data: addresses, which the policy does not allow as scripts or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 1000, // the budget above is what counts, after gzip
  },
});
