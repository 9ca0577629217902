/** The project that somebody means by its address, copied from a browser, or by its id alone. Undefined if it is neither. */
export function projectOf(text: string): string | undefined {
  const trimmed = text.trim();
  const id = /\/projects\/([^/?#]+)/.exec(trimmed)?.[1] ?? trimmed;
  return /^[\w-]{1,128}$/.test(id) ? id : undefined;
}
