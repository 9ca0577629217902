import { expect, test } from "vitest";
import { formatSize } from "./sizes";

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1.0 KB"],
  [1549, "1.5 KB"],
  [9960, "10 KB"],
  [999_499, "999 KB"],
  [999_500, "1.0 MB"],
  [23_400_000, "23 MB"],
  [5_000_000_000_000_000, "5000 TB"],
])("%d bytes are shown as %s", (bytes, want) => expect(formatSize(bytes)).toBe(want));
