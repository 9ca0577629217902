import { expect, test } from "vitest";
import {
  canSplit,
  close,
  emptyLayout,
  type Layout,
  move,
  parseLayout,
  rename,
  seen,
  serialize,
  show,
  showBeside,
  shownBy,
  split,
  tabOf,
} from "./tabs";

const of = (...tabs: string[]): Layout => tabs.reduce((layout, tab) => show(layout, tab), emptyLayout);

test("a tab and what it shows are the same thing said twice", () => {
  for (const shown of [
    { kind: "document", path: "a/b c/ü?#%.tex" },
    { kind: "terminal", id: "t1" },
  ] as const) {
    expect(shownBy(tabOf(shown))).toEqual(shown);
  }
});

test("opening an open tab shows it where it is and changes nothing when it is seen", () => {
  const layout = of("edit/a", "edit/b");
  expect(layout.frames).toEqual([{ tabs: ["edit/a", "edit/b"], active: "edit/b" }]);
  expect(show(layout, "edit/b")).toBe(layout);
  expect(seen(show(layout, "edit/a"))).toBe("edit/a");
});

test("closing the seen tab shows its right neighbour, else its left", () => {
  const layout = show(of("edit/a", "edit/b", "edit/c"), "edit/b");
  expect(seen(close(layout, "edit/b"))).toBe("edit/c");
  expect(seen(close(close(layout, "edit/b"), "edit/c"))).toBe("edit/a");
  expect(close(of("edit/a"), "edit/a")).toEqual({ frames: [{ tabs: [], active: undefined }], focused: 0 });
});

test("closing another tab leaves the seen one", () => {
  expect(seen(close(of("edit/a", "edit/b"), "edit/a"))).toBe("edit/b");
});

test("a split moves the tab to a new frame, and the last tab of a frame takes the frame with it", () => {
  const two = split(of("edit/a", "edit/b"), "edit/b");
  expect(two).toEqual({
    frames: [
      { tabs: ["edit/a"], active: "edit/a" },
      { tabs: ["edit/b"], active: "edit/b" },
    ],
    focused: 1,
  });
  expect(canSplit(two, "edit/b")).toBe(false);
  expect(close(two, "edit/b")).toEqual({ frames: [{ tabs: ["edit/a"], active: "edit/a" }], focused: 0 });
  expect(close(two, "edit/a")).toEqual({ frames: [{ tabs: ["edit/b"], active: "edit/b" }], focused: 0 });
});

test("opening from one frame a tab of another one goes there", () => {
  const two = split(of("edit/a", "edit/b"), "edit/b");
  expect(show(two, "edit/a").focused).toBe(0);
});

test("a tab moves to the frame beside it, also out of a frame that ends with that", () => {
  const two = split(of("edit/a", "edit/b"), "edit/b");
  expect(move(two, "edit/b", -1)).toEqual({ frames: [{ tabs: ["edit/a", "edit/b"], active: "edit/b" }], focused: 0 });
  expect(move(two, "edit/a", 1)).toEqual({ frames: [{ tabs: ["edit/b", "edit/a"], active: "edit/a" }], focused: 0 });
  expect(move(two, "edit/b", 1)).toBe(two);
});

test("tabs are found again, and what is no layout is an empty one", () => {
  const two = split(of("edit/a", "terminals/t", "edit/b"), "edit/b");
  expect(parseLayout(serialize(two)).frames.map((frame) => frame.tabs)).toEqual([
    ["edit/a", "terminals/t"],
    ["edit/b"],
  ]);
  for (const text of [null, "", "{", "7", "[]", "[[]]", '[["elsewhere/x", 3, null]]']) {
    expect(parseLayout(text)).toEqual(emptyLayout);
  }
  expect(parseLayout('[["edit/a","edit/a"],["edit/a"]]').frames).toEqual([{ tabs: ["edit/a"], active: "edit/a" }]);
});

test("a renamed file keeps its place, and joins the tab that has the name", () => {
  const layout = show(show(emptyLayout, "edit/a.tex"), "edit/b.tex");
  expect(rename(layout, "edit/a.tex", "edit/c.tex").frames[0]?.tabs).toEqual(["edit/c.tex", "edit/b.tex"]);
  expect(rename(layout, "edit/b.tex", "edit/c.tex").frames[0]?.active).toBe("edit/c.tex");
  expect(rename(layout, "edit/a.tex", "edit/b.tex").frames[0]?.tabs).toEqual(["edit/b.tex"]);
  expect(rename(layout, "edit/x.tex", "edit/c.tex")).toBe(layout);
});

test("what a shell opens is beside it: where it is, in the next frame, in a new one where there is room", () => {
  const alone: Layout = { frames: [{ tabs: ["terminals/t"], active: "terminals/t" }], focused: 0 };
  const two = showBeside(alone, "edit/a", "terminals/t", true);
  expect(two).toEqual({ frames: [alone.frames[0], { tabs: ["edit/a"], active: "edit/a" }], focused: 1 });
  expect(showBeside(alone, "edit/a", "terminals/t", false).frames).toHaveLength(1);
  const three = showBeside(two, "edit/b", "terminals/t", true);
  expect(three.frames.map(({ tabs }) => tabs)).toEqual([["terminals/t"], ["edit/a", "edit/b"]]);
  expect(three.focused).toBe(1);
  expect(showBeside(three, "edit/a", "edit/b", true)).toMatchObject({ focused: 1, frames: [{}, { active: "edit/a" }] });
  expect(showBeside(two, "edit/b", "edit/a", true).frames.map(({ tabs }) => tabs)).toEqual([
    ["terminals/t", "edit/b"],
    ["edit/a"],
  ]);
});
