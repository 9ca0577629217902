import { describe, expect, test } from "vitest";
import { ancestorsOf, encodePath, extensionOf, join, nameOf, nameProblem, parentOf } from "./paths";

test("a path is taken apart and put together again", () => {
  expect(parentOf("talks/2026/slides.tex")).toBe("talks/2026");
  expect(nameOf("talks/2026/slides.tex")).toBe("slides.tex");
  expect(join(parentOf("slides.tex"), nameOf("slides.tex"))).toBe("slides.tex");
  expect(parentOf("")).toBe("");
});

test.each([
  ["a/Slides.TEX", "tex"],
  [".profile", ""],
  ["archive.tar.gz", "gz"],
  ["folder.d/Makefile", ""],
])("the extension of %s is “%s”", (path, want) => expect(extensionOf(path)).toBe(want));

test("the way to a folder begins at home", () => {
  expect(ancestorsOf("a/b")).toEqual([
    { name: "", path: "" },
    { name: "a", path: "a" },
    { name: "b", path: "a/b" },
  ]);
  expect(ancestorsOf("")).toEqual([{ name: "", path: "" }]);
});

test("a name with signs of an address stays one name", () => {
  expect(encodePath("50% off/what?#.txt")).toBe("50%25%20off/what%3F%23.txt");
});

describe("names that no file can have", () => {
  test.each([
    ["", /type a name/],
    ["..", /folders already/],
    ["a/b", /cannot contain/],
    ["a\nb", /line breaks/],
    ["é".repeat(128), /at most 255 bytes/],
  ])("%j", (name, want) => expect(nameProblem(name)).toMatch(want));

  test("others are fine", () => {
    for (const name of ["slides.tex", ".profile", "ein Name mit Ümlaut", "x".repeat(255)]) {
      expect(nameProblem(name)).toBeUndefined();
    }
  });
});
