import { Link } from "@tanstack/react-router";
import {
  IconArrowBarToLeft,
  IconArrowBarToRight,
  IconBell,
  IconDots,
  IconFileText,
  IconLayoutColumns,
  IconTerminal2,
  IconX,
} from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { IconButton } from "../../ui/IconButton";
import { Menu, type MenuEntry } from "../../ui/Menu";
import { addressOf } from "./address";
import styles from "./TabBar.module.css";
import { canSplit, close, type Frame, frameOf, type Layout, MAX_FRAMES, move, shownBy, split, type Tab } from "./tabs";

export interface TabBarProps {
  projectId: string;
  frame: Frame;
  layout: Layout;
  /** The tab that the address means. */
  current: Tab | undefined;
  nameOf(tab: Tab): string;
  narrow: boolean;
  /** Tabs that want to be looked at. */
  rung: ReadonlySet<Tab>;
  onChange(layout: Layout): void;
}

/**
 * The tabs of a frame. They are links, because each is an address: a click with
 * the middle button opens it in a window of its own.
 */
export function TabBar({ projectId, frame, layout, current, nameOf, narrow, rung, onChange }: TabBarProps) {
  const list = useRef<HTMLUListElement>(null);
  const { active } = frame;
  const at = layout.frames.indexOf(frame);
  const several = at >= 0 && layout.frames.length > 1;
  useEffect(() => {
    if (active !== undefined)
      list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);
  if (frame.tabs.length === 0) return null;
  return (
    <>
      <nav className={styles.nav} aria-label={several ? `Open tabs of frame ${at + 1}` : "Open tabs"}>
        <ul className={styles.list} ref={list}>
          {frame.tabs.map((tab) => {
            const name = nameOf(tab);
            return (
              <li key={tab} className={styles.tab} data-active={tab === active || undefined}>
                <Link
                  {...addressOf(projectId, tab, "")}
                  className={styles.link}
                  aria-current={tab === current ? "page" : undefined}
                  title={tab.startsWith("edit/") ? tab.slice(5) : name}
                  onAuxClick={(event) => event.stopPropagation()}
                >
                  {shownBy(tab).kind === "document" ? (
                    <IconFileText size={15} aria-hidden />
                  ) : (
                    <IconTerminal2 size={15} aria-hidden />
                  )}
                  <span className={styles.name}>{name}</span>
                  {rung.has(tab) && <IconBell size={14} role="img" aria-label="has rung" />}
                </Link>
                <button
                  type="button"
                  className={styles.close}
                  aria-label={`Close ${name}`}
                  onClick={() => onChange(close(layout, tab))}
                >
                  <IconX size={14} aria-hidden />
                </button>
              </li>
            );
          })}
        </ul>
      </nav>
      {active !== undefined && !narrow && (
        <Menu
          trigger={<IconButton label="Arrange tabs" icon={<IconDots size={18} />} />}
          entries={arrange(layout, active, onChange)}
        />
      )}
    </>
  );
}

function arrange(layout: Layout, tab: Tab, onChange: (layout: Layout) => void): MenuEntry[] {
  const at = frameOf(layout, tab);
  const entries: MenuEntry[] = [
    {
      label: "Split to the right",
      icon: <IconLayoutColumns size={16} />,
      reason: canSplit(layout, tab)
        ? undefined
        : layout.frames.length >= MAX_FRAMES
          ? "There are as many frames as fit."
          : "Open a second tab first.",
      onSelect: () => onChange(split(layout, tab)),
    },
  ];
  if (at > 0) {
    entries.push({
      label: "Move to the left frame",
      icon: <IconArrowBarToLeft size={16} />,
      onSelect: () => onChange(move(layout, tab, -1)),
    });
  }
  if (at < layout.frames.length - 1) {
    entries.push({
      label: "Move to the right frame",
      icon: <IconArrowBarToRight size={16} />,
      onSelect: () => onChange(move(layout, tab, 1)),
    });
  }
  entries.push("line", {
    label: "Close",
    icon: <IconX size={16} />,
    onSelect: () => onChange(close(layout, tab)),
  });
  return entries;
}
