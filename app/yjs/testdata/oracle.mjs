// The npm package yjs behind a pipe: one line of JSON in, a list of commands;
// one line out, the list of their results. Bytes are base64.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../../frontend/node_modules/", import.meta.url));
const Y = await import(pathToFileURL(require.resolve("yjs")));
console.log = () => {}; // yjs prints there; stdout is the answer
console.error = () => {};

const docs = new Map();
const encode = (bytes) => Buffer.from(bytes).toString("base64");
const decode = (text) => new Uint8Array(Buffer.from(text, "base64"));

function random(seed) {
  let a = seed >>> 0;
  return (n) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

function at(doc, path) {
  let type = path[0] === "t" || path[0] === "rich" ? doc.getText(path[0]) : path[0] === "a" ? doc.getArray("a") : doc.getMap("m");
  for (const step of path.slice(1)) type = type.get(step);
  return type;
}

function value(v) {
  if (v.bytes !== undefined) return decode(v.bytes);
  if (v.undefined) return undefined;
  return v.json;
}

function edit(doc, op) {
  const type = at(doc, op.path);
  switch (op.do) {
    case "insertText": return type.insert(op.index, op.text);
    case "delete": return type.delete(op.index, op.length);
    case "insert": return type.insert(op.index, op.values.map(value));
    case "insertType": return type.insert(op.index, [make(op.type, op.text)]);
    case "set": return type.set(op.key, value(op.value));
    case "setType": return type.set(op.key, make(op.type, op.text));
    case "remove": return type.delete(op.key);
  }
  throw new Error("unknown edit " + op.do);
}

function make(type, text) {
  switch (type) {
    case "text": return new Y.Text(text);
    case "array": return new Y.Array();
    case "map": return new Y.Map();
  }
}

const pieces = ["a", "b", "hello ", "x\ny", "é", "日本語", "😀", "👩‍👩‍👧", "𝒳𝒴", "ü", "0123456789"];
const values = [
  1, -1, 0, -0, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, 1.5, 0.1, NaN, true, false, null, "text", "😀", "",
  [1, [2, {}]], { a: 1, b: { c: [null, "x"] } }, new Uint8Array([1, 2, 3]), new Uint8Array(0),
];

// types in a document that may be edited
function targets(doc) {
  const found = [doc.getText("t"), doc.getText("rich"), doc.getArray("a"), doc.getMap("m"), doc.getArray("x")];
  for (let i = 0; i < found.length; i++) {
    const type = found[i];
    if (type instanceof Y.Array || type instanceof Y.Map) type.forEach((v) => v instanceof Y.AbstractType && found.push(v));
  }
  return found.filter((t) => t instanceof Y.Text || t instanceof Y.Array || t instanceof Y.Map);
}

function nested(r) {
  return [() => new Y.Text(pieces[r(pieces.length)]), () => new Y.Map(), () => new Y.Array(), () => new Y.Text()][r(4)]();
}

function foreign(r) {
  return [() => new Y.XmlElement("p"), () => new Y.XmlText("t"), () => new Y.XmlFragment(), () => new Y.XmlHook("h"), () => new Y.Doc({ guid: "g" + r(5), autoLoad: r(2) === 0 })][r(5)]();
}

// an index that is not inside of a character, unless the entry may tear them
function boundary(entry, type, index) {
  if (entry.torn) return index;
  const code = type.toString().charCodeAt(index);
  // with embeds in the text the indexes differ: then the start is safe
  if (type.toString().length !== type.length) return 0;
  return code >= 0xdc00 && code <= 0xdfff ? index - 1 : index;
}

function editAny(entry, r) {
  const { doc, undo } = entry;
  const choice = r(12);
  if (choice === 0) return undo.undo();
  if (choice === 1) return undo.redo();
  const list = targets(doc);
  const type = list[r(list.length)];
  if (type instanceof Y.Text) {
    const index = boundary(entry, type, r(type.length + 1));
    const length = boundary(entry, type, Math.min(index + 1 + r(5), type.length)) - index;
    if (type === doc.getText("rich") && r(2) === 0) {
      if (r(5) === 0) return type.insertEmbed(index, { image: "u" });
      const key = ["bold", "color"][r(2)];
      if (length > 0) return type.format(index, length, { [key]: [true, null, "red"][r(3)] });
    }
    if (r(3) === 0 && length > 0) return type.delete(index, length);
    return type.insert(index, pieces[r(pieces.length)]);
  }
  if (type instanceof Y.Array) {
    const index = r(type.length + 1);
    if (r(3) === 0 && type.length > index) return type.delete(index, Math.min(1 + r(3), type.length - index));
    if (type === doc.getArray("x")) return type.insert(index, [foreign(r)]);
    if (r(4) === 0) return type.push([values[r(values.length)]]);
    return type.insert(index, r(3) === 0 ? [nested(r)] : [values[r(values.length)], values[r(values.length)]]);
  }
  const key = "k" + r(4);
  if (r(4) === 0) return type.delete(key);
  type.set(key, r(4) === 0 ? nested(r) : r(9) === 0 ? 12345n : r(9) === 0 ? undefined : values[r(values.length)]);
}

function collect(entry, fn) {
  entry.updates = [];
  fn();
  const updates = entry.updates;
  entry.updates = [];
  return { updates: updates.map(encode), pending: pending(entry.doc) };
}

const pending = (doc) => doc.store.pendingStructs !== null || doc.store.pendingDs !== null;

// what stands in a document, seen by a new one, so that asking changes nothing
function json(state) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const all = { t: doc.getText("t"), rich: doc.getText("rich"), a: doc.getArray("a"), m: doc.getMap("m") };
  const plain = (v) => {
    if (v instanceof Uint8Array) return encode(v);
    if (typeof v === "bigint") return Number(v);
    if (Array.isArray(v)) return v.map(plain);
    if (v !== null && typeof v === "object") return Object.fromEntries(Object.entries(v).map(([k, e]) => [k, plain(e)]));
    return v;
  };
  return JSON.stringify(plain(Object.fromEntries(Object.entries(all).map(([k, v]) => [k, v.toJSON()]))));
}

const commands = {
  reset() {
    docs.clear();
  },
  new({ doc: name, client, gc, actor, torn }) {
    const doc = new Y.Doc({ gc });
    doc.clientID = client;
    const entry = { doc, torn, updates: [] };
    doc.on("update", (update) => entry.updates.push(update));
    if (actor) {
      const scope = [doc.getText("t"), doc.getText("rich"), doc.getArray("a"), doc.getMap("m"), doc.getArray("x")];
      entry.undo = new Y.UndoManager(scope, { captureTimeout: 0 });
    }
    docs.set(name, entry);
  },
  edit({ doc, ops }) {
    const entry = docs.get(doc);
    return collect(entry, () => entry.doc.transact(() => ops.forEach((op) => edit(entry.doc, op))));
  },
  random({ doc, seed }) {
    const entry = docs.get(doc);
    const r = random(seed);
    return collect(entry, () => {
      if (r(3) > 0) return editAny(entry, r);
      const n = 1 + r(4);
      entry.doc.transact(() => {
        for (let i = 0; i < n; i++) editAny(entry, (k) => (k === 12 ? 2 + r(10) : r(k)));
      });
    });
  },
  apply({ doc, update, client }) {
    const entry = docs.get(doc);
    const result = collect(entry, () => Y.applyUpdate(entry.doc, decode(update)));
    if (client !== undefined) entry.doc.clientID = client; // it gave up its own
    return result;
  },
  wipe({ doc }) {
    const d = docs.get(doc).doc;
    d.getText("t").delete(0, d.getText("t").length);
    d.getArray("a").delete(0, d.getArray("a").length);
    d.getMap("m").clear();
  },
  state({ doc, vector }) {
    const { doc: d } = docs.get(doc);
    return {
      state: encode(Y.encodeStateAsUpdate(d, vector === undefined ? undefined : decode(vector))),
      vector: encode(Y.encodeStateVector(d)),
      pending: pending(d),
    };
  },
  text: ({ doc }) => ({ json: JSON.stringify({ t: docs.get(doc).doc.getText("t") }) }),
  json: ({ doc }) => ({ json: json(Y.encodeStateAsUpdate(docs.get(doc).doc)) }),
  merge: ({ updates }) => ({ state: encode(Y.mergeUpdates(updates.map(decode))) }),
  diff: ({ update, vector }) => ({ state: encode(Y.diffUpdate(decode(update), decode(vector))) }),
  vectorOf: ({ update }) => ({ vector: encode(Y.encodeStateVectorFromUpdate(decode(update))) }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const results = JSON.parse(line).map((command) => {
    try {
      return commands[command.cmd](command) ?? {};
    } catch (error) {
      return { error: String(error?.stack ?? error) };
    }
  });
  process.stdout.write(JSON.stringify(results) + "\n");
}
