import { expect, test } from "vitest";
import { nextTitle } from "./titles";

test("a new terminal takes the first title that is free", () => {
  expect(nextTitle([])).toBe("Terminal");
  expect(nextTitle(["Terminal", "Terminal 3", "build"])).toBe("Terminal 2");
  expect(nextTitle(["Terminal", "Terminal 2", "Terminal 3"])).toBe("Terminal 4");
});
