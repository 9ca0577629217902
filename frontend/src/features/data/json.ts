import type { Problem, Range } from "../../ui/code/coding";

/** JSON with the place of everything in it, also of what is only half typed. */

export interface Member {
  key: Range & { name: string };
  /** Whether the colon after the key is there. */
  colon: boolean;
  value?: Node;
}

export type Node = Range &
  ({ kind: "object"; members: Member[] } | { kind: "list"; items: Node[] } | { kind: "leaf"; value: Leaf });

export type Leaf = string | number | boolean | null;

export interface Parsed {
  root?: Node;
  problems: Problem[];
}

/** How deep a query may be nested; nothing in the schema comes near. */
const MAX_DEPTH = 60;

/** Understands a text as far as possible; what is wrong is in `problems`. */
export function parseJSON(text: string): Parsed {
  const parser = new Parser(text);
  const root = parser.value(0);
  parser.end();
  return { root, problems: parser.problems };
}

/** What a node stands for, without its places. */
export function valueOf(node: Node): unknown {
  switch (node.kind) {
    case "leaf":
      return node.value;
    case "list":
      return node.items.map(valueOf);
    case "object":
      return Object.fromEntries(node.members.flatMap(({ key, value }) => (value ? [[key.name, valueOf(value)]] : [])));
  }
}

/** Whether anything in it is null: then a query asks (Q3). */
export function hasNull(node: Node): boolean {
  switch (node.kind) {
    case "leaf":
      return node.value === null;
    case "list":
      return node.items.some(hasNull);
    case "object":
      return node.members.some(({ value }) => value !== undefined && hasNull(value));
  }
}

class Parser {
  readonly problems: Problem[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Nothing may come after the first value. */
  end(): void {
    this.#space();
    if (this.#at < this.#text.length) this.#problem(this.#at, this.#text.length, "Nothing may follow the query.");
  }

  value(depth: number): Node | undefined {
    this.#space();
    const from = this.#at;
    const letter = this.#text[from];
    if (depth > MAX_DEPTH) {
      this.#problem(from, this.#text.length, "This is nested too deeply.");
      this.#at = this.#text.length;
      return undefined;
    }
    if (letter === "{") return this.#object(depth);
    if (letter === "[") return this.#list(depth);
    if (letter === '"') return { kind: "leaf", value: this.#string(), from, to: this.#at };
    const word = this.#word();
    if (word === "") return undefined;
    const value = literal(word);
    if (value === undefined) this.#problem(from, this.#at, `${word} is no value; texts stand in double quotes.`);
    return { kind: "leaf", value: value === undefined ? word : value, from, to: this.#at };
  }

  #object(depth: number): Node {
    const from = this.#at++;
    const members: Member[] = [];
    this.#entries("}", from, () => {
      const keyFrom = this.#at;
      const quoted = this.#text[keyFrom] === '"';
      const name = quoted ? this.#string() : this.#word();
      if (name === "" && !quoted) return false;
      const key = { name, from: keyFrom, to: this.#at };
      if (!quoted) this.#problem(key.from, key.to, `Names stand in double quotes: "${name}".`);
      if (members.some((member) => member.key.name === name)) {
        this.#problem(key.from, key.to, `"${name}" is here already.`);
      }
      this.#space();
      const colon = this.#text[this.#at] === ":";
      if (colon) this.#at++;
      const value = colon ? this.value(depth + 1) : undefined;
      if (!value) this.#problem(key.from, key.to, `"${name}" needs a value; null asks for it.`);
      members.push({ key, colon, value });
      return true;
    });
    return { kind: "object", members, from, to: this.#at };
  }

  #list(depth: number): Node {
    const from = this.#at++;
    const items: Node[] = [];
    this.#entries("]", from, () => {
      const item = this.value(depth + 1);
      if (item) items.push(item);
      return item !== undefined;
    });
    return { kind: "list", items, from, to: this.#at };
  }

  /** Reads entries up to the closing bracket; `entry` reads one, and says whether there was one. */
  #entries(close: "}" | "]", open: number, entry: () => boolean): void {
    let comma: number | undefined;
    for (let first = true; ; first = false) {
      this.#space();
      const letter = this.#text[this.#at];
      if (letter === close) {
        if (comma !== undefined) this.#problem(comma, comma + 1, "After this comma something is missing.");
        this.#at++;
        return;
      }
      if (letter === undefined) {
        this.#problem(open, open + 1, `This bracket is not closed by ${close}.`);
        return;
      }
      const from = this.#at;
      if (!first && comma === undefined) this.#problem(from, from + 1, "A comma is missing before this.");
      if (!entry()) {
        this.#problem(from, from + 1, `${letter} cannot stand here.`);
        if ("}]".includes(letter)) return; // the bracket of one further out
        this.#at = from + 1;
      }
      this.#space();
      comma = this.#text[this.#at] === "," ? this.#at++ : undefined;
    }
  }

  /** Reads a string; one that is not closed ends with its line. */
  #string(): string {
    const from = this.#at;
    const match = /"(?:[^"\\\n]|\\.)*("?)/y;
    match.lastIndex = from;
    const [whole = '"', closed = ""] = match.exec(this.#text) ?? [];
    this.#at = from + whole.length;
    if (closed === "") {
      this.#problem(from, this.#at, "This text is not closed by a double quote.");
      return whole.slice(1);
    }
    try {
      return String(JSON.parse(whole));
    } catch {
      this.#problem(from, this.#at, "A backslash here is followed by what JSON does not know.");
      return whole.slice(1, -1);
    }
  }

  #word(): string {
    const match = /[^\s{}[\]:,"]*/y;
    match.lastIndex = this.#at;
    const [word = ""] = match.exec(this.#text) ?? [];
    this.#at += word.length;
    return word;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #problem(from: number, to: number, message: string): void {
    this.problems.push({ from, to, message });
  }
}

function literal(word: string): Leaf | undefined {
  if (!/^(null|true|false|-?\d[\d.eE+-]*)$/.test(word)) return undefined;
  try {
    const value: unknown = JSON.parse(word);
    return value === null || typeof value === "boolean" || typeof value === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}
