import { expect, test } from "vitest";
import { exactBinary, formatBinary, formatSize, parseSize } from "./sizes";

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

const MIB = 2 ** 20;

test.each([
  [0, "0 bytes"],
  [1023, "1023 bytes"],
  [1024, "1 KiB"],
  [412 * MIB, "412 MiB"],
  [1023.6 * MIB, "1 GiB"],
  [1536 * MIB, "1.5 GiB"],
  [2048 * MIB, "2 GiB"],
  [17.3 * 1024 * MIB, "17 GiB"],
])("%d bytes of a bound are shown as %s", (bytes, want) => expect(formatBinary(bytes)).toBe(want));

test.each([
  [2048 * MIB, "2 GiB"],
  [1280 * MIB, "1.25 GiB"],
  [1281 * MIB, "1281 MiB"],
  [64 * MIB, "64 MiB"],
  [100_000_001, "100000001 bytes"],
])("%d bytes are written out as %s", (bytes, want) => expect(exactBinary(bytes)).toBe(want));

test.each([
  ["2 GiB", 2048 * MIB],
  [" 512mib ", 512 * MIB],
  ["1.5 G", 1536 * MIB],
  ["1,5 Gi", 1536 * MIB],
  ["500 MB", 500_000_000],
  ["100000001 bytes", 100_000_001],
  ["2", undefined],
  ["-1 GiB", undefined],
  ["2 GiB a day", undefined],
  ["much", undefined],
])("%s is a size of %d bytes", (text, want) => expect(parseSize(text)).toBe(want));
