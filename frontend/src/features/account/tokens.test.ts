import { expect, test } from "vitest";
import { safeTarget, tokenOf } from "./tokens";

test("the token is read from the part behind #", () => {
  expect(tokenOf("#token=abc")).toBe("abc");
  expect(tokenOf("")).toBeUndefined();
  expect(tokenOf("#other=abc")).toBeUndefined();
});

// A link such as /sign-in?to=//evil.example would otherwise send people away right after they signed in.
test.each([
  ["/projects/p1/files/", "/projects/p1/files/"],
  ["//evil.example", "/projects"],
  ["/\\evil.example", "/projects"],
  ["https://evil.example", "/projects"],
  ["javascript:alert(1)", "/projects"],
  [undefined, "/projects"],
])("after signing in, %s leads to %s", (to, target) => {
  expect(safeTarget(to)).toBe(target);
});
