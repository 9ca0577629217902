/** The texts of a query in an address, behind the "#": no server sees that. */
export interface Shared {
  query: string;
  options: string;
}

export function toHash({ query, options }: Shared): string {
  const bytes = new TextEncoder().encode(JSON.stringify([query, options]));
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return `q=${btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

export function fromHash(hash: string): Shared | undefined {
  const text = /^#?q=([\w-]+)$/.exec(hash)?.[1];
  if (text === undefined) return undefined;
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const shared: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(shared)) return undefined;
    const [query, options]: unknown[] = shared;
    return typeof query === "string" && typeof options === "string" ? { query, options } : undefined;
  } catch {
    return undefined; // somebody has cut it short
  }
}
