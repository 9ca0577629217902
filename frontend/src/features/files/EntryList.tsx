import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useRef } from "react";
import type { Asking } from "./EntryDialog";
import { EntryRow } from "./EntryRow";
import styles from "./FilesPanel.module.css";
import type { Entry } from "./listing";

/** From so many entries on only those near the visible ones are drawn. */
const MANY = 150;

/** The height of a row, as in the style sheet. */
const ROW_PX = 36;

export interface EntryListProps {
  projectId: string;
  folder: string;
  entries: readonly Entry[];
  mayEdit: boolean;
  scroller: RefObject<HTMLDivElement | null>;
  onOpen(name: string, kind: "file" | "directory"): void;
  onAsk(asking: Asking): void;
}

/** The entries one below the other. Arrow keys go from name to name, F2 renames, Delete deletes. */
export function EntryList(props: EntryListProps) {
  const { projectId, folder, entries, mayEdit, scroller, onOpen, onAsk } = props;
  const list = useRef<HTMLUListElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- there is no compiler that would have to understand it
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
    enabled: entries.length > MANY,
  });
  const virtual = entries.length > MANY ? rows.getVirtualItems() : undefined;
  const shown = virtual?.map((item) => item.index) ?? entries.map((_, index) => index);
  const above = virtual?.[0]?.start ?? 0;
  const below = virtual ? rows.getTotalSize() - (virtual.at(-1)?.end ?? 0) : 0;

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    /** Moves the focus to another name, which may have to be drawn first. */
    const focus = (index: number) => {
      if (index < 0 || index >= entries.length) return;
      const name = () => element.querySelector<HTMLElement>(`[data-index="${index}"] [data-name]`);
      rows.scrollToIndex(index);
      const drawn = name();
      // At once where it can be: the next key may come before the next frame.
      if (drawn) drawn.focus();
      else requestAnimationFrame(() => name()?.focus());
    };
    const press = (event: KeyboardEvent) => {
      if (!(event.target instanceof HTMLElement) || event.target.dataset["name"] === undefined) return;
      const index = Number(event.target.closest<HTMLElement>("[data-index]")?.dataset["index"]);
      const entry = entries[index];
      if (!entry) return;
      const { name, kind } = entry;
      if (event.key === "ArrowDown") focus(index + 1);
      else if (event.key === "ArrowUp") focus(index - 1);
      else if (event.key === "Home") focus(0);
      else if (event.key === "End") focus(entries.length - 1);
      else if (event.key === "F2" && mayEdit) onAsk({ act: "rename", folder, name, kind });
      else if (event.key === "Delete" && mayEdit) onAsk({ act: "delete", folder, name, kind });
      else return;
      event.preventDefault();
    };
    element.addEventListener("keydown", press);
    return () => element.removeEventListener("keydown", press);
  }, [entries, rows, folder, mayEdit, onAsk]);

  return (
    <ul ref={list} className={styles.list} style={{ paddingTop: above, paddingBottom: below }}>
      {shown.map((index) => {
        const entry = entries[index];
        return (
          entry && (
            <li key={entry.name} data-index={index} aria-setsize={entries.length} aria-posinset={index + 1}>
              <EntryRow
                projectId={projectId}
                folder={folder}
                entry={entry}
                mayEdit={mayEdit}
                onOpen={onOpen}
                onAsk={onAsk}
              />
            </li>
          )
        );
      })}
    </ul>
  );
}
