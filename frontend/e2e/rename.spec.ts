import { saved, textOf } from "./fixtures/editor";
import { expect, test } from "./fixtures/test";

/** A document lasts as long as its file, whatever the file is called. */
test("Bob renames the file in which Ada types, and her page follows it", async ({ world: { ada, bob } }) => {
  const project = await ada.createProject("Names");
  await ada.addMember(project, bob, "editor");
  await ada.upload(project, "draft.md", "first line\n");
  await ada.goto(`projects/${project}/edit/draft.md`);
  await saved(ada.page, "draft.md");
  await textOf(ada.page, "draft.md").click();
  await ada.page.keyboard.press("Control+End");
  await ada.page.keyboard.type("before ");

  await bob.goto(`projects/${project}`);
  await bob.page.getByRole("button", { name: "Actions for draft.md" }).click();
  await bob.page.getByRole("menuitem", { name: "Rename" }).click();
  await bob.page.getByRole("dialog").getByRole("textbox").fill("chapter.md");
  await bob.page.keyboard.press("Enter");

  await expect(ada.page).toHaveURL(/\/edit\/chapter\.md$/);
  await textOf(ada.page, "chapter.md").click();
  await ada.page.keyboard.press("Control+End");
  await ada.page.keyboard.type("and after");
  await saved(ada.page, "chapter.md");
  expect((await ada.download(project, "chapter.md")).toString()).toBe("first line\nbefore and after");
  const gone = await ada.context.request.get(ada.fileURL(project, "draft.md"));
  expect(gone.status()).toBe(404);
});
