import { expect, test } from "vitest";
import { check, filesOf, type Manifest } from "./budget.ts";

const manifest: Manifest = {
  "index.html": { file: "index.js", css: ["index.css"], imports: ["_shared.js"] },
  "page.tsx": { file: "page.js", imports: ["index.html", "_shared.js"] },
  "_shared.js": { file: "shared.js" },
};
const sizes: Record<string, number> = { "index.js": 10_240, "index.css": 1024, "shared.js": 1024, "page.js": 2048 };
const size = (file: string) => sizes[file] ?? 0;

test("each file counts once, whoever imports it", () => {
  expect([...filesOf(manifest, ["index.html", "page.tsx"])].toSorted()).toEqual([
    "index.css",
    "index.js",
    "page.js",
    "shared.js",
  ]);
});

test("a page that comes on top of others costs what they have not loaded", () => {
  expect(check(manifest, [{ name: "page", pages: ["page.tsx"], above: ["index.html"], limit: 2 }], size)).toEqual([
    { name: "page", kib: 2, limit: 2, over: false },
  ]);
});

test("five per cent over the budget are let pass, more are not", () => {
  const over = (limit: number) => check(manifest, [{ name: "all", pages: ["index.html"], limit }], size)[0]?.over;
  expect(over(11.5)).toBe(false);
  expect(over(11.4)).toBe(true);
});

test("a page that the manifest does not know fails", () => {
  expect(() => filesOf(manifest, ["gone.tsx"])).toThrow("gone.tsx");
});
