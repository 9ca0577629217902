import { expect, test } from "vitest";
import { type Put, type PutResult, resultOf, Uploads } from "./uploads";

/** A server that answers when the test says so. */
function server() {
  const asked: { path: string; overwrite: boolean; signal: AbortSignal; progress(sent: number): void }[] = [];
  const answers: ((result: PutResult) => void)[] = [];
  const put: Put = (path, _file, { overwrite, signal, onProgress }) => {
    asked.push({ path, overwrite, signal, progress: onProgress });
    return new Promise((resolve) => answers.push(resolve));
  };
  const answer = async (result: PutResult) => {
    answers.shift()?.(result);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { uploads: new Uploads(put), asked, answer };
}

const file = (name: string) => new File(["hello"], name);
const states = (uploads: Uploads) => uploads.view().map((upload) => `${upload.path} ${upload.state.is}`);

test("three are on their way at once, the others wait their turn", async () => {
  const { uploads, asked, answer } = server();
  uploads.add("a", ["1", "2", "3", "4"].map(file));
  expect(asked.map((one) => one.path)).toEqual(["a/1", "a/2", "a/3"]);
  await answer({ is: "done" });
  expect(states(uploads)).toEqual(["a/1 done", "a/2 sending", "a/3 sending", "a/4 sending"]);
});

test("a file that is there is replaced only after the question", async () => {
  const { uploads, asked, answer } = server();
  uploads.add("", [file("notes.md")]);
  await answer({ is: "exists", message: "notes.md exists already." });
  expect(uploads.view()[0]?.state).toEqual({ is: "exists", message: "notes.md exists already." });
  uploads.replace(1);
  expect(asked[1]).toMatchObject({ path: "notes.md", overwrite: true });
  await answer({ is: "done" });
  uploads.clear();
  expect(states(uploads)).toEqual([]);
});

test("a cancelled one is broken off and makes room", async () => {
  const { uploads, asked, answer } = server();
  uploads.add("", ["1", "2", "3", "4"].map(file));
  asked[0]?.progress(3);
  expect(uploads.view()[0]?.sent).toBe(3);
  uploads.cancel(1);
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(states(uploads)).toEqual(["2 sending", "3 sending", "4 sending"]);
  await answer({ is: "failed", message: "This upload was cancelled." });
  expect(states(uploads)).toEqual(["2 sending", "3 sending", "4 sending"]);
});

test("what the server says is shown as it stands", () => {
  expect(resultOf(200, "")).toEqual({ is: "done" });
  expect(resultOf(409, `{"kind":"conflict","message":"There is a folder of this name."}`)).toEqual({
    is: "exists",
    message: "There is a folder of this name.",
  });
  expect(resultOf(502, "<html>")).toEqual({
    is: "failed",
    message: "The server did not take this file (status 502).",
  });
});
