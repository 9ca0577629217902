import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { expect, test } from "vitest";

const src = join(import.meta.dirname, "..");

/** Which parts of src each part may import, beside itself: the picture in ARCHITECTURE.md in a form that can fail. */
const MAY: Record<string, readonly string[]> = {
  lib: [],
  wire: ["lib"],
  live: ["wire", "lib"],
  ui: ["lib"],
  features: ["live", "wire", "ui", "lib"],
  app: ["features", "live", "wire", "ui", "lib"],
  "main.tsx": ["app"],
};

/** What only some parts may import from outside; "in" is a part or a feature. */
const OUTSIDE: readonly { name: RegExp; in: readonly string[] }[] = [
  { name: /^@mantine\//, in: ["ui"] },
  { name: /^react(\/|$)/, in: ["ui", "features", "app", "main.tsx", "live"] },
  { name: /^@codemirror\/|^@lezer\//, in: ["features/editor", "ui"] },
  { name: /^yjs$|^y-/, in: ["features/editor"] },
  { name: /^@xterm\//, in: ["features/terminal"] },
  { name: /^cborg/, in: ["wire"] },
];

interface Import {
  file: string;
  from: string;
}

/** The lines of every file of src that import something. */
function imports(): Import[] {
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => /\.tsx?$/.test(file) && !/\.(test|sim)\.tsx?$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(src, file), "utf8");
      const found = text.matchAll(
        /(?:^|\n)\s*(?:import|export)\b[^;"']*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g,
      );
      return Array.from(found, ([, from, lazy]) => ({ file, from: from ?? lazy ?? "" }));
    });
}

/** "features/editor" of "features/editor/EditorFrame.tsx", "ui" of "ui/Button.tsx". */
function partOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return top === "features" ? `features/${second}` : top;
}

function problems(all: readonly Import[]): string[] {
  return all.flatMap(({ file, from }) => {
    const part = partOf(file);
    const kind = part.split("/")[0] ?? "";
    if (!from.startsWith(".")) {
      const rule = OUTSIDE.find(({ name }) => name.test(from));
      const allowed = !rule || rule.in.includes(part) || rule.in.includes(kind);
      return allowed ? [] : [`${file} imports ${from}, which only ${rule.in.join(", ")} may`];
    }
    const target = partOf(posix.normalize(posix.join(dirname(file), from)));
    if (target === part) return [];
    const targetKind = target.split("/")[0] ?? "";
    return MAY[kind]?.includes(targetKind) ? [] : [`${file} imports ${from}: ${part} may not import ${target}`];
  });
}

test("imports go one way, and features do not import each other", () => {
  const all = imports();
  expect(all.length).toBeGreaterThan(100);
  expect(problems(all)).toEqual([]);
});

test("React is in one file of live", () => {
  const files = imports().filter(({ file, from }) => file.startsWith("live/") && from === "react");
  expect(files.map(({ file }) => file)).toEqual(["live/react.tsx"]);
});

test.each([
  { file: "lib/a.ts", from: "../wire/socket" },
  { file: "wire/a.ts", from: "../live/fold" },
  { file: "features/files/a.tsx", from: "../editor/EditorFrame" },
  { file: "features/files/a.tsx", from: "../../app/App" },
  { file: "features/files/a.tsx", from: "@mantine/core" },
  { file: "live/a.ts", from: "../ui/Button" },
  { file: "ui/a.tsx", from: "../live/react" },
])("$file must not import $from", (line) => {
  expect(problems([line])).toHaveLength(1);
});
