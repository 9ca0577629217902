/** Dark enough for white letters (4.5:1). */
const TONES = [
  "#3b4cc0",
  "#8a3ffc",
  "#a52a67",
  "#b3261e",
  "#8a5300",
  "#4a6b00",
  "#1f7a43",
  "#00696f",
  "#00639b",
  "#5f5b71",
];

/** One or two letters: "Ada Lovelace" is AL, "ada" is A. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = words[0] ?? "";
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  return (([...first][0] ?? "?") + ([...last][0] ?? "")).toUpperCase();
}

/** The same colour for the same name. */
export function toneOf(name: string): string {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return TONES[sum % TONES.length] ?? "#3b4cc0";
}
