import { expect, test } from "vitest";
import { fileAddress, terminalAddress } from "./addresses";

test("a file's address is relative and keeps its name whole", () => {
  expect(fileAddress("p1", "a b/50%?.tex")).toBe("api/projects/p1/files/a%20b/50%25%3F.tex");
});

test.each([
  ["http://127.0.0.1:8000/", "ws://127.0.0.1:8000/api/projects/p1/terminals/t1/socket?from=7"],
  ["https://lab.example.org/lyceum/", "wss://lab.example.org/lyceum/api/projects/p1/terminals/t1/socket?from=7"],
  ["http://h/lyceum/#x", "ws://h/lyceum/api/projects/p1/terminals/t1/socket?from=7"],
])("below %s a terminal's socket is %s", (base, want) => {
  expect(terminalAddress(base, "p1", "t1", 7)).toBe(want);
});
