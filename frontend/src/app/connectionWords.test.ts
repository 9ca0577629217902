import { expect, test } from "vitest";
import { waitingWords } from "./connectionWords";

test("what is not acknowledged is counted in words", () => {
  expect(waitingWords(1, true)).toBe("Saving 1 change…");
  expect(waitingWords(3, true)).toBe("Saving 3 changes…");
  expect(waitingWords(1, false)).toBe("1 change waits for the connection");
  expect(waitingWords(3, false)).toBe("3 changes wait for the connection");
});
