const UNITS = ["KB", "MB", "GB", "TB"];

/** A size for people, in steps of 1000: "0 bytes", "1 byte", "999 bytes", "1.5 KB", "23 MB". */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = "";
  for (const next of UNITS) {
    if (value < 999.5 && unit !== "") break;
    value /= 1000;
    unit = next;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

const STEP = 1024;
const BINARY = ["KiB", "MiB", "GiB", "TiB"];

/** A bound of memory or disk, or what is used of it, in steps of 1024 as the kernel counts: "412 MiB", "1.5 GiB", "2 GiB". */
export function formatBinary(bytes: number): string {
  if (bytes < STEP) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = "";
  for (const next of BINARY) {
    if (value < STEP - 0.5 && unit !== "") break;
    value /= STEP;
    unit = next;
  }
  return `${value < 9.95 ? Number(value.toFixed(1)) : Math.round(value)} ${unit}`;
}

/** The same without rounding, to be changed by hand: "1.25 GiB", "1281 MiB". */
export function exactBinary(bytes: number): string {
  for (const [place, unit] of [...BINARY.entries()].toReversed()) {
    const hundredths = (bytes * 100) / STEP ** (place + 1);
    if (hundredths >= 100 && Number.isInteger(hundredths)) return `${hundredths / 100} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** The bytes that somebody has written: "512 MiB", "2 G", "1.5gib"; KB, MB and GB are steps of 1000. Undefined if it is no size. */
export function parseSize(text: string): number | undefined {
  const [, digits, letter = "", step] = /^(\d+(?:[.,]\d+)?)\s*(?:bytes|([kmgt])(b|ib|i)?)$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const power = letter === "" ? 0 : "kmgt".indexOf(letter.toLowerCase()) + 1;
  return Math.round(Number(digits.replace(",", ".")) * (step?.toLowerCase() === "b" ? 1000 : STEP) ** power);
}
