import { decode, encode } from "cborg";
import { Doc, encodeStateAsUpdate } from "yjs";
import { VERSION } from "../src/wire/types.gen";
import { saved, textOf, wholeText } from "./fixtures/editor";
import { expect, test } from "./fixtures/test";
import { type Answer, inJSON, Wire } from "./fixtures/wire";

test.describe.configure({ timeout: 120_000 });

/** A sentence that names what is wrong; it may begin with the name of a table. */
const SENTENCE = /^["“A-Za-z][^\n]*\.$/;

// A script with a mistake must be told which one; and nobody else must notice.
test("what the tables cannot understand is answered by a sentence that names it", async ({ world: { ada } }) => {
  const project = await ada.createProject("Numbers");
  const wire = await Wire.open(ada);
  const wrong: [query: unknown, options: unknown, words: RegExp][] = [
    [{ grades: { id: null } }, undefined, /There is no table "grades"/],
    [{ credentials: [{ account_id: null, password: null }] }, undefined, /There is no table "credentials"/],
    [{ projects: { id: project, colour: null } }, undefined, /projects.*colour|colour.*projects/],
    [{ projects: { id: project, uid: null } }, undefined, /uid/],
    [{ projects: { id: project, title: 7 } }, undefined, /projects\.title.*(string|text)/],
    [{ projects: { id: project, title: "x".repeat(201) } }, undefined, /projects\.title.*200/],
    [{ projects: { id: project, title: "two\nlines" } }, undefined, /projects\.title/],
    [{ projects: { id: project, created: 5 } }, undefined, /projects\.created is set by the server/],
    [{ projects: { id: project, action_request: { action: "explode" } } }, undefined, /explode|start/],
    [{ projects: { id: 5, title: null } }, undefined, /projects\.id/],
    [{ projects: [{ id: project, title: null }, { id: null }] }, undefined, /exactly one object; this list has 2/],
    [{ projects: "all" }, undefined, /projects/],
    [{ projects: { id: null }, accounts: { id: null } }, undefined, /2 keys/],
    ["projects", undefined, /A query is an object with one key/],
    [null, undefined, /query/i],
    [{ projects: [{ id: null }] }, { limits: 5 }, /There is no option "limits"/],
    [{ projects: [{ id: null }] }, { limit: "five" }, /options\.limit/],
    [{ projects: [{ id: null }] }, { limit: -1 }, /options\.limit/],
    [{ projects: [{ id: null }] }, { order_by: "colour" }, /colour/],
    [{ projects: [{ id: null }] }, { changes: "yes" }, /options\.changes must be true or false/],
    [{ projects: [{ id: null }] }, { changes: true, after: "yesterday" }, /options\.after/],
    [{ projects: { id: null } }, { changes: true }, /A watch asks for a list/],
    [{ projects: { id: project } }, { delete: true }, /cannot be deleted/],
    [
      { patches: { document_id: project, origin: "x", n: "one", update: inJSON(Buffer.from("x")) } },
      undefined,
      /patches\.n/,
    ],
    [{ patches: { document_id: project, origin: "x", n: 1, update: "not bytes" } }, undefined, /patches\.update/],
    [{ projects: [{ id: { "=~": "a.*" }, title: null }] }, undefined, /=~/],
    [{ projects: [{ created: { ">": "a" }, title: null }] }, undefined, /projects\.created/],
  ];
  for (const [query, options, words] of wrong) {
    const { error } = await wire.ask(query, options);
    expect(error, JSON.stringify([query, options])).toMatchObject({
      kind: expect.stringMatching(/^(invalid|denied|too_large|not_found)$/),
      message: expect.stringMatching(words),
    });
    expect(error?.message, JSON.stringify([query, options])).toMatch(SENTENCE);
  }
  const { error } = await wire.ask([
    { projects: [{ id: null }] },
    { grades: { id: null } },
    { projects: [{ id: null }] },
  ]);
  expect(error).toMatchObject({ kind: "invalid", index: 1 });
  expect((await wire.must({ projects: { id: project, title: null } })).row).toMatchObject({ title: "Numbers" });
});

/** What is no message at all: of a broken program, a broken line, or an attacker. */
test("what is no message is refused by a sentence, and the connection goes on", async ({ world: { ada } }) => {
  const json = await Wire.open(ada);
  const texts = {
    "not JSON": "hello?",
    "half of it": '{"op":"ask","id":1,"query":{',
    "no op": "{}",
    "another op": '{"op":"drop","id":1}',
    "a wrong type": '{"op":"ask","id":"one","query":{"projects":[{"id":null}]}}',
    "a field too many": '{"op":"ask","id":1,"query":{"projects":[{"id":null}]},"colour":1}',
    "a list": "[1,2,3]",
    "too deep": `{"op":"ask","id":1,"query":${"[".repeat(1000)}${"]".repeat(1000)}}`,
    "bytes that are no base64": '{"op":"ask","id":1,"query":{"patches":{"update":{"$bytes":"%%%"}}}}',
  };
  const errorsOf = async () => (await json.messages()).filter(({ op }) => op === "error");
  for (const [what, text] of Object.entries(texts)) {
    const before = (await errorsOf()).length;
    await json.send(text);
    await expect.poll(async () => (await errorsOf()).length, { message: what }).toBe(before + 1);
    const { error } = (await errorsOf()).at(-1) ?? {};
    expect(error?.kind, what).toMatch(/^(invalid|too_large)$/);
    expect(error?.message, what).toMatch(SENTENCE);
  }
  await json.send(Buffer.from([0xa0])); // bytes where text is spoken
  await expect.poll(async () => (await errorsOf()).at(-1)?.error?.message).toMatch(/another kind of frames/);
  expect((await json.must({ projects: [{ id: null }] })).rows).toEqual([]);

  const cbor = await Wire.open(ada, "ws", "lyceum.cbor");
  const messages = async () => (await cbor.bytes()).map((bytes) => decode(bytes) as Answer);
  await cbor.send(encode({ op: "hello", version: VERSION }));
  await expect.poll(async () => (await messages()).length).toBe(1);
  const ask = [...encode({ op: "ask", id: 1, query: { projects: [{ id: null }] } })];
  const bytes: Record<string, number[]> = {
    nothing: [],
    "a break without a beginning": [0xff],
    "half of a message": ask.slice(0, -5),
    "a message and more": [...ask, 0x00],
    "text that is not UTF-8": [0xa1, 0x62, 0x6f, 0x70, 0x62, 0xff, 0xfe],
    "a length of 2^63": [0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0],
    "a length that is not known": [0xbf, 0x62, 0x6f, 0x70, 0x64, 0x70, 0x69, 0x6e, 0x67, 0xff],
    "a tag": [0xc0, 0x60],
    undefined: [0xa1, 0x62, 0x6f, 0x70, 0xf7],
    "one key twice": [0xa2, 0x62, 0x6f, 0x70, 0x61, 0x61, 0x62, 0x6f, 0x70, 0x61, 0x61],
    "lists in lists": Array.from({ length: 5000 }, () => 0x81),
  };
  for (const [what, data] of Object.entries(bytes)) {
    const before = (await messages()).length;
    await cbor.send(Uint8Array.from(data));
    await expect.poll(async () => (await messages()).length, { message: what }).toBe(before + 1);
    const { op, error } = (await messages()).at(-1) ?? {};
    expect(op, what).toBe("error");
    expect(error?.kind, what).toMatch(/^(invalid|too_large)$/);
    expect(error?.message, what).toMatch(SENTENCE);
  }
  await cbor.send(Uint8Array.from(ask));
  await expect.poll(async () => (await messages()).at(-1)).toMatchObject({ op: "answer", id: 1, rows: [] });
});

// What one sends must not reach the others: neither a flood of bytes nor an
// edit that no browser could read.
test("a frame of 100 MB and an edit that is none harm nobody else", async ({ server, world: { ada, bob } }) => {
  const project = await ada.createProject("Numbers");
  await ada.addMember(project, bob, "editor");
  await ada.upload(project, "notes.md", "Words of Ada.\n");
  await ada.goto(`projects/${project}/edit/notes.md`);
  await saved(ada.page, "notes.md");
  await ada.page.evaluate(() => Object.assign(window, { notReloaded: true }));

  const hostile = await Wire.open(bob);
  const sending = hostile.page.evaluate(() => {
    (window as unknown as { line: { socket: WebSocket } }).line.socket.send("x".repeat(100 * 1024 * 1024));
  });
  await textOf(ada.page, "notes.md").click();
  await ada.page.keyboard.press("Control+End");
  await ada.page.keyboard.type("Typed meanwhile.");
  await saved(ada.page, "notes.md");
  await sending;
  const { error } = await hostile.until(({ op }) => op === "error");
  expect(error).toEqual({ kind: "too_large", message: expect.stringMatching(/4096 KiB.*\./) });
  expect(await hostile.end()).toMatchObject({ code: 1009, reason: "The message is too large." });

  const wire = await Wire.open(bob);
  const { row: open } = await wire.must({
    document_states: { project_id: project, path: "notes.md", document_id: null, seq: null, update: null },
  });
  const document = open?.["document_id"] as string;
  const whole = new Doc();
  whole.getText("content").insert(0, "a text that is cut off");
  const update = encodeStateAsUpdate(whole);
  const edits: Record<string, Uint8Array> = {
    "no update": Buffer.from("this is no update of Yjs"),
    "one that is cut off": update.subarray(0, -3),
    "one with more behind it": Buffer.concat([update, Buffer.from([1, 2, 3])]),
    "a length that nothing has": Uint8Array.from([1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    nothing: new Uint8Array(),
    "two MiB": new Uint8Array(2 << 20),
  };
  for (const [what, bytes] of Object.entries(edits)) {
    const { error } = await wire.ask({
      patches: { document_id: document, origin: "hostile", n: 1, update: inJSON(bytes) },
    });
    expect(error?.kind, what).toMatch(/^(invalid|too_large)$/);
    expect(error?.message, what).toMatch(SENTENCE);
  }
  const { rows } = await wire.must({ patches: [{ document_id: document, seq: { ">": open?.["seq"] }, origin: null }] });
  expect(rows, "nothing of it was stored").toEqual([]);

  await ada.page.keyboard.type(" And afterwards.");
  await saved(ada.page, "notes.md");
  await bob.goto(`projects/${project}/edit/notes.md`);
  await saved(bob.page, "notes.md");
  const text = "Words of Ada.\nTyped meanwhile. And afterwards.";
  expect(await wholeText(bob.page, "notes.md")).toBe(text);
  expect((await ada.download(project, "notes.md")).toString()).toBe(text);
  expect(await ada.page.evaluate(() => "notReloaded" in window), "Ada's page went on").toBe(true);
  expect((await ada.context.request.get(`${server.url}healthz`)).ok()).toBe(true);
});
