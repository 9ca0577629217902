import { expect, test } from "vitest";
import { DocumentSession } from "./session";
import { Clock, Line, Room, seeded } from "./session.sim";
import { Sessions } from "./sessions";
import { MemoryStash } from "./stash";

function world() {
  const clock = new Clock();
  const chance = seeded(1);
  const room = new Room();
  const line = new Line(room, clock, chance);
  const stash = new MemoryStash();
  let ids = 0;
  const sessions = new Sessions(
    (account_id, project_id, path) =>
      new DocumentSession({
        server: line,
        stash,
        account_id,
        project_id,
        path,
        newID: () => `tab${++ids}`,
        chance,
        after: clock.after,
      }),
  );
  const settle = async () => {
    while (await clock.step());
  };
  return { sessions, room, line, settle };
}

test("D3 who types and leaves at once still sends what was typed", async () => {
  const { sessions, room, settle } = world();
  const { session, leave } = sessions.open("ada", "p1", "notes.md");
  await settle();
  session.text.insert(0, "last words");
  leave();
  expect(session.view().phase).toBe("open");
  await settle();
  expect(room.doc.getText("content").toString()).toBe("last words");
  expect(session.view().phase).toBe("closed");
});

test("coming back while it still sends finds the same text", async () => {
  const { sessions, line, settle } = world();
  const first = sessions.open("ada", "p1", "notes.md");
  await settle();
  line.drop();
  first.session.text.insert(0, "offline");
  first.leave();
  const second = sessions.open("ada", "p1", "notes.md");
  expect(second.session).toBe(first.session);
  line.restore();
  await settle();
  expect(second.session.view()).toMatchObject({ phase: "open", pending: 0 });
  second.leave();
  expect(second.session.view().phase).toBe("closed");
});

test("two frames on one file share a session; another account has its own", () => {
  const { sessions } = world();
  const one = sessions.open("ada", "p1", "notes.md");
  const two = sessions.open("ada", "p1", "notes.md");
  const bobs = sessions.open("bob", "p1", "notes.md");
  expect(two.session).toBe(one.session);
  expect(bobs.session).not.toBe(one.session);
  one.leave();
  one.leave();
  expect(two.session.view().phase).not.toBe("closed");
});
