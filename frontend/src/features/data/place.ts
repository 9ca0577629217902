import type { Range } from "../../ui/code/coding";
import type { Node, Parsed } from "./json";

/** Where in a JSON text the caret is. */
export interface Place {
  /** The names and numbers that lead to the object or value, from the root on. */
  path: readonly (string | number)[];
  /** A name in the object at the path, or the value at the path. */
  kind: "key" | "value";
  /** What is being typed, and would be replaced. */
  token: Range;
  /** At a key: whether its colon is there already. */
  colon: boolean;
  /** At a key: the object that it is in. */
  object?: Extract<Node, { kind: "object" }>;
}

export function placeAt({ root }: Parsed, text: string, pos: number): Place {
  if (!root || !within(root, text, pos)) {
    const token = root && touches(root, pos) ? root : { from: pos, to: pos };
    return { path: [], kind: "value", token, colon: false };
  }
  return descend(root, text, pos, []);
}

function descend(node: Node, text: string, pos: number, path: readonly (string | number)[]): Place {
  switch (node.kind) {
    case "leaf":
      return { path, kind: "value", token: node, colon: false };
    case "list": {
      const index = node.items.findIndex((item) => touches(item, pos));
      const item = node.items[index];
      if (item && (item.kind === "leaf" || within(item, text, pos))) return descend(item, text, pos, [...path, index]);
      const before = node.items.filter(({ to }) => to <= pos).length;
      return { path: [...path, before], kind: "value", token: { from: pos, to: pos }, colon: false };
    }
    case "object": {
      const here = { path, kind: "key", object: node } as const;
      const member = node.members.findLast(({ key }) => key.from <= pos);
      if (!member) return { ...here, token: { from: pos, to: pos }, colon: false };
      const { key, colon, value } = member;
      if (pos <= key.to) return { ...here, token: key, colon };
      const below = [...path, key.name];
      if (value && value.from <= pos && (value.kind === "leaf" ? pos <= value.to : within(value, text, pos))) {
        return descend(value, text, pos, below);
      }
      if (colon && (!value || pos < value.from)) {
        return { path: below, kind: "value", token: { from: pos, to: pos }, colon: false };
      }
      return { ...here, token: { from: pos, to: pos }, colon: false };
    }
  }
}

function touches({ from, to }: Range, pos: number): boolean {
  return from <= pos && pos <= to;
}

/** Whether the caret is between the brackets of a node, or in it if it has none. */
function within(node: Node, text: string, pos: number): boolean {
  if (node.kind === "leaf") return touches(node, pos);
  const closed = node.to > node.from + 1 && text[node.to - 1] === (node.kind === "object" ? "}" : "]");
  return node.from < pos && (closed ? pos < node.to : pos <= node.to);
}
