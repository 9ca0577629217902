import { expect, test } from "vitest";
import { afterClose, exitWords, parseFrame } from "./protocol";

test.each([
  [
    `{"op":"hello","from":5,"live":9,"cols":80,"rows":24,"write":true}`,
    { op: "hello", from: 5, live: 9, cols: 80, rows: 24, write: true },
  ],
  [`{"op":"gap","from":7,"modes":"\\u001bc"}`, { op: "gap", from: 7, modes: "\x1bc" }],
  [
    `{"op":"size","cols":80,"rows":24,"by":"Ada","you":false}`,
    { op: "size", cols: 80, rows: 24, by: "Ada", you: false },
  ],
  [`{"op":"exit","code":3}`, { op: "exit", code: 3 }],
  [`{"op":"exit","reason":"The project was stopped."}`, { op: "exit", reason: "The project was stopped." }],
  [`{"op":"exit","signal":"SIGKILL"}`, { op: "exit", signal: "SIGKILL" }],
  [`{"op":"hello","from":-1,"cols":1e99,"write":1}`, { op: "hello", from: 0, live: 0, cols: 0, rows: 0, write: false }],
])("%s is understood", (text, want) => expect(parseFrame(text)).toEqual(want));

test("a frame of a later version, or none at all, is skipped", () => {
  for (const text of [`{"op":"sing"}`, "{", "null", "[]", ""]) expect(parseFrame(text)).toBeUndefined();
});

test("T6 a lost connection comes back, a lost right does not", () => {
  for (const code of [1000, 1001, 1006, 1011, 1012]) expect(afterClose(code, "")).toEqual({ again: true });
  expect(afterClose(1013, "The project is stopped.")).toEqual({ again: true, message: "The project is stopped." });
  expect(afterClose(4403, "")).toMatchObject({ again: false });
  expect(afterClose(4421, "This project is on the server hall 1: https://hall1.example.org/")).toEqual({
    again: false,
    message: "This project is on the server hall 1: https://hall1.example.org/",
  });
  expect(afterClose(4404, "Ada has closed this terminal.")).toEqual({
    again: false,
    message: "Ada has closed this terminal.",
  });
});

test("T8 the end of a shell is said with its exit", () => {
  expect(exitWords({ code: 0 })).toBe("The shell has ended.");
  expect(exitWords({ code: 130 })).toBe("The shell has ended with exit code 130.");
  expect(exitWords({ reason: "The project was stopped." })).toBe("The shell has ended. The project was stopped.");
  expect(exitWords({ signal: "SIGKILL" })).toBe("The shell was ended by SIGKILL.");
});
