import { expect, test } from "vitest";
import { parsePlace } from "./place";

test("places of the project are read, with line and column", () => {
  expect(parsePlace({ path: "src/a b.c", line: 3, column: 7 })).toEqual({
    path: "src/a b.c",
    line: 3,
    column: 7,
    folder: false,
  });
  expect(parsePlace({ path: "src", folder: true })).toEqual({ path: "src", folder: true });
  expect(parsePlace({ path: "", folder: true })).toEqual({ path: "", folder: true });
  expect(parsePlace({ path: "a", line: -3, column: 1.5 })).toEqual({ path: "a", folder: false });
});

test.each(["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\nb", "x".repeat(5000)])(
  "a path that is none of the project’s is none: %j",
  (path) => expect(parsePlace({ path })).toBeUndefined(),
);

test.each([null, undefined, 3, "a", {}, { path: 3 }])("what is no place is none: %j", (value) =>
  expect(parsePlace(value)).toBeUndefined(),
);
