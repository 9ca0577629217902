/** A label of a name, as the server takes it (RFC 1123, and the underscore that some sites have). */
const NAME = /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?$/;

/**
 * Whether a line of an allow list is surely wrong: neither a name, an address
 * nor a network, with or without a port. The server reads it again and has the
 * last word.
 */
export function wrongEntry(line: string): boolean {
  const [where, port] = withoutPort(line.toLowerCase());
  if (where === undefined || (port !== undefined && !inRange(port, 1, 65_535))) return true;
  const [address = "", bits, ...more] = where.split("/");
  if (more.length > 0) return true;
  if (address.includes(":")) return !/^[0-9a-f:.]+$/.test(address) || (bits !== undefined && !inRange(bits, 0, 128));
  if (/^[0-9.]+$/.test(address)) return !isIPv4(address) || (bits !== undefined && !inRange(bits, 0, 32));
  return bits !== undefined || address.length > 254 || !NAME.test(address);
}

/** The line without its port. An IPv6 address with a port stands in brackets. */
function withoutPort(line: string): [where: string | undefined, port?: string] {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(line);
  if (bracketed) return [bracketed[1], bracketed[2]];
  if (line.startsWith("[")) return [undefined];
  const parts = line.split(":");
  return parts.length === 2 ? [parts[0], parts[1]] : [line];
}

function isIPv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => inRange(part, 0, 255));
}

function inRange(digits: string, min: number, max: number): boolean {
  return /^\d{1,5}$/.test(digits) && Number(digits) >= min && Number(digits) <= max;
}
