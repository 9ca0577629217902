import { IconFolderOpen } from "@tabler/icons-react";
import { type RefObject, useMemo } from "react";
import { join } from "../../lib/paths";
import { useLive } from "../../live/react";
import { EmptyState } from "../../ui/EmptyState";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import type { Asking } from "./EntryDialog";
import { EntryList } from "./EntryList";
import styles from "./FilesPanel.module.css";
import { entriesOf, type Order } from "./listing";

export interface FolderViewProps {
  projectId: string;
  path: string;
  mayEdit: boolean;
  order: Order;
  hidden: boolean;
  scroller: RefObject<HTMLDivElement | null>;
  onOpen(path: string, kind: "file" | "directory"): void;
  onAsk(asking: Asking): void;
}

/** What is in a folder, as it changes. */
export function FolderView(props: FolderViewProps) {
  const { projectId, path, mayEdit, order, hidden, scroller, onOpen, onAsk } = props;
  const folder = useLive("directories", { project_id: projectId, path, entries: {}, error: null, cut: null });
  const row = folder.state === "ready" || folder.state === "stale" ? folder.rows[0] : undefined;
  const entries = useMemo(() => entriesOf(row?.entries ?? {}, order, hidden), [row?.entries, order, hidden]);

  if (folder.state === "failed") {
    return (
      <Notice kind="failed" bar>
        {folder.error.message}
      </Notice>
    );
  }
  if (row?.error !== undefined) {
    return (
      <Notice kind="warn" bar>
        {row.error}
      </Notice>
    );
  }
  if (!row?.entries) {
    return <Waiting what="the files" slow="They are shown as soon as the project runs." />;
  }
  const unseen = Object.keys(row.entries).length - entries.length;
  return (
    <section aria-label="Files" aria-busy={folder.state === "stale"}>
      {folder.state === "stale" && (
        <Notice kind="info" bar>
          Offline. This list may be out of date.
        </Notice>
      )}
      {row.cut && (
        <Notice kind="warn" bar>
          This folder has more files than can be shown. Use a terminal to see all of them.
        </Notice>
      )}
      {entries.length === 0 ? (
        <EmptyState
          icon={<IconFolderOpen size={26} />}
          title={unseen > 0 ? "Only hidden files here" : "This folder is empty"}
        >
          {mayEdit
            ? "Make a file with the buttons above, or drop files here to upload them."
            : "What editors of the project put here appears by itself."}
        </EmptyState>
      ) : (
        <EntryList
          projectId={projectId}
          folder={path}
          entries={entries}
          mayEdit={mayEdit}
          scroller={scroller}
          onOpen={(name, kind) => onOpen(join(path, name), kind)}
          onAsk={onAsk}
        />
      )}
      {entries.length > 0 && unseen > 0 && <p className={styles.unseen}>{unseen} hidden</p>}
    </section>
  );
}
