const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** A random id of 26 lower-case letters and digits, 130 bits, of the form that the server gives. */
export function newID(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return Array.from(bytes, (byte) => LETTERS.charAt(byte & 31)).join("");
}
