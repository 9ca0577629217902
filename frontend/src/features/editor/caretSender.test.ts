import { expect, test } from "vitest";
import { CaretSender } from "./caretSender";
import { Clock } from "./session.sim";

test("a moving caret is sent ten times a second, and its last place always", async () => {
  const clock = new Clock();
  const sent: (number | undefined)[] = [];
  const sender = new CaretSender((position) => sent.push(position?.[0]), clock.after);
  sender.enter();
  for (let place = 1; place <= 30; place++) {
    sender.move(new Uint8Array([place]));
    await clock.pass(10);
  }
  while (await clock.step());
  expect(sent[0]).toBeUndefined();
  expect(sent[1]).toBe(1);
  expect(sent.at(-1)).toBe(30);
  expect(sent.length).toBeLessThanOrEqual(6);
  sender.enter();
  expect(sent.at(-1)).toBe(30);
});

test("who has left is not brought back by a caret that moved before", async () => {
  const clock = new Clock();
  let sent = 0;
  const sender = new CaretSender(() => sent++, clock.after);
  sender.enter();
  sender.move(new Uint8Array([1]));
  sender.move(new Uint8Array([2]));
  sender.leave();
  sender.move(new Uint8Array([3]));
  while (await clock.step());
  expect(sent).toBe(2);
});
