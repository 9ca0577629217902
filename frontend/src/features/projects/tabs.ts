/**
 * Open tabs and the frames that hold them: pure. A tab is a text, the part of
 * its address behind the project ("edit/notes/a.tex", "terminals/t1"); it is in
 * one frame only.
 */
export type Tab = string;

export interface Frame {
  tabs: readonly Tab[];
  /** The tab that is seen; undefined only in a frame without tabs. */
  active?: Tab;
}

export interface Layout {
  /** At least one, side by side. */
  frames: readonly Frame[];
  /** The frame that the address means. */
  focused: number;
}

/** As many as there is room for on a wide screen. */
export const MAX_FRAMES = 3;

/** What is kept of a layout is no more than this: nobody finds anything among more tabs. */
const MAX_TABS = 50;

export const emptyLayout: Layout = { frames: [{ tabs: [] }], focused: 0 };

/** What a tab shows. */
export type Shown = { kind: "document"; path: string } | { kind: "terminal"; id: string };

export function tabOf(shown: Shown): Tab {
  return shown.kind === "document" ? `edit/${shown.path}` : `terminals/${shown.id}`;
}

export function shownBy(tab: Tab): Shown {
  const slash = tab.indexOf("/");
  const rest = tab.slice(slash + 1);
  return tab.startsWith("edit/") ? { kind: "document", path: rest } : { kind: "terminal", id: rest };
}

/** The layout in which tab is seen, in the frame where it is, else in the focused one. The same object if it is already. */
export function show(layout: Layout, tab: Tab): Layout {
  const at = frameOf(layout, tab);
  const focused = at < 0 ? layout.focused : at;
  const frame = layout.frames[focused] ?? { tabs: [] };
  if (at === layout.focused && frame.active === tab) return layout;
  return {
    focused,
    frames: replaced(layout.frames, focused, [{ tabs: at < 0 ? [...frame.tabs, tab] : frame.tabs, active: tab }]),
  };
}

/**
 * The layout in which tab is seen beside another that stays in view: where it is
 * already, else in the next frame, else in a new one at the right if there is
 * room for it.
 */
export function showBeside(layout: Layout, tab: Tab, beside: Tab, room: boolean): Layout {
  const at = frameOf(layout, beside);
  if (frameOf(layout, tab) >= 0 || at < 0) return show(layout, tab);
  if (layout.frames.length > 1) return show({ ...layout, focused: at === 0 ? 1 : at - 1 }, tab);
  if (!room) return show(layout, tab);
  return { frames: [...layout.frames, { tabs: [tab], active: tab }], focused: 1 };
}

/** The layout without tab; its right neighbour, else its left, is seen instead. A frame that gets empty goes too. */
export function close(layout: Layout, tab: Tab): Layout {
  const at = frameOf(layout, tab);
  const frame = layout.frames[at];
  if (!frame) return layout;
  const place = frame.tabs.indexOf(tab);
  const tabs = frame.tabs.filter((other) => other !== tab);
  if (tabs.length === 0 && layout.frames.length > 1) {
    const frames = replaced(layout.frames, at, []);
    const focused = layout.focused > at ? layout.focused - 1 : Math.min(layout.focused, frames.length - 1);
    return { frames, focused };
  }
  const active = frame.active === tab ? tabs[Math.min(place, tabs.length - 1)] : frame.active;
  return { ...layout, frames: replaced(layout.frames, at, [{ tabs, active }]) };
}

/** The layout in which to stands where from did: a file has another path now. */
export function rename(layout: Layout, from: Tab, to: Tab): Layout {
  if (from === to || frameOf(layout, from) < 0) return layout;
  if (frameOf(layout, to) >= 0) return close(layout, from);
  const other = (tab: Tab) => (tab === from ? to : tab);
  return {
    ...layout,
    frames: layout.frames.map(({ tabs, active }) => ({
      tabs: tabs.map(other),
      ...(active !== undefined && { active: other(active) }),
    })),
  };
}

/** Whether a tab can get a frame of its own. */
export function canSplit(layout: Layout, tab: Tab): boolean {
  return layout.frames.length < MAX_FRAMES && (layout.frames[frameOf(layout, tab)]?.tabs.length ?? 0) > 1;
}

/** The layout with tab in a new frame at the right of its own. */
export function split(layout: Layout, tab: Tab): Layout {
  if (!canSplit(layout, tab)) return layout;
  const at = frameOf(layout, tab);
  const without = close(layout, tab);
  const frame = without.frames[at];
  return frame
    ? { frames: replaced(without.frames, at, [frame, { tabs: [tab], active: tab }]), focused: at + 1 }
    : layout;
}

/** The layout with tab at the end of another frame, counted after its own. */
export function move(layout: Layout, tab: Tab, by: 1 | -1): Layout {
  const from = frameOf(layout, tab);
  const to = from + by;
  if (from < 0 || !layout.frames[to]) return layout;
  const goes = layout.frames[from]?.tabs.length === 1;
  const without = close(layout, tab);
  const target = goes && to > from ? to - 1 : to;
  const frame = without.frames[target];
  if (!frame) return layout;
  return { frames: replaced(without.frames, target, [{ tabs: [...frame.tabs, tab], active: tab }]), focused: target };
}

export function frameOf(layout: Layout, tab: Tab): number {
  return layout.frames.findIndex((frame) => frame.tabs.includes(tab));
}

/** The tab that the layout's focused frame shows. */
export function seen(layout: Layout): Tab | undefined {
  return layout.frames[layout.focused]?.active;
}

/** A layout read from where it was kept; what is no layout is an empty one. */
export function parseLayout(text: string | null): Layout {
  if (text === null) return emptyLayout;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return emptyLayout;
  }
  const listed = Array.isArray(value) ? value.slice(0, MAX_FRAMES) : [];
  const had = new Set<Tab>();
  const frames = listed.flatMap((tabs: unknown) => {
    const own = (Array.isArray(tabs) ? tabs : []).filter((tab: unknown): tab is Tab => {
      if (typeof tab !== "string" || !/^(edit|terminals)\/./.test(tab) || had.has(tab) || had.size >= MAX_TABS)
        return false;
      had.add(tab);
      return true;
    });
    return own.length > 0 ? [{ tabs: own, active: own[0] }] : [];
  });
  return frames.length > 0 ? { frames, focused: 0 } : emptyLayout;
}

/** What is kept of a layout: the tabs of each frame. */
export function serialize(layout: Layout): string {
  return JSON.stringify(layout.frames.map((frame) => frame.tabs));
}

function replaced(frames: readonly Frame[], at: number, by: readonly Frame[]): Frame[] {
  return [...frames.slice(0, at), ...by, ...frames.slice(at + 1)];
}
