/** A text as one word of a shell. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9_./@%+-]+$/.test(text) && !text.startsWith("-") ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
