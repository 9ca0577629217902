import { useRef, useState } from "react";
import { join } from "../../lib/paths";
import type { Member } from "../../wire/types.gen";
import { EntryDialog, type Asking } from "./EntryDialog";
import styles from "./FilesPanel.module.css";
import { FolderBar } from "./FolderBar";
import { FolderView } from "./FolderView";
import type { Order } from "./listing";
import { TerminalList } from "./TerminalList";
import { UploadList } from "./UploadList";
import { useDrop } from "./useDrop";
import { useUploads } from "./useUploads";

export interface FilesPanelProps {
  projectId: string;
  /** The folder that is shown; empty for the home of the project. */
  path: string;
  role: Member["role"];
  onOpen(path: string, kind: "file" | "directory"): void;
  /** A terminal is to be shown; also after it has been made. */
  onOpenTerminal(terminalId: string): void;
}

/** The files of one folder and the terminals of the project, live. It fills its container, however narrow. */
export function FilesPanel({ projectId, path, role, onOpen, onOpenTerminal }: FilesPanelProps) {
  const mayEdit = role !== "viewer";
  const [order, setOrder] = useState<Order>({ by: "name", descending: false });
  const [hidden, setHidden] = useState(false);
  const [asking, setAsking] = useState<Asking>();
  const scroller = useRef<HTMLDivElement>(null);
  const [uploads, list] = useUploads(projectId);
  const upload = (chosen: readonly File[]) => void uploads.add(path, chosen);
  const { over, handlers } = useDrop(mayEdit, upload);

  return (
    <div className={styles.panel} data-over={over || undefined} {...handlers}>
      <FolderBar
        path={path}
        mayEdit={mayEdit}
        order={order}
        hidden={hidden}
        onOpen={(folder) => onOpen(folder, "directory")}
        onOrder={setOrder}
        onHidden={setHidden}
        onNew={(what) => setAsking({ act: what, folder: path })}
        onUpload={upload}
      />
      <div ref={scroller} className={styles.scroller}>
        <FolderView
          projectId={projectId}
          path={path}
          mayEdit={mayEdit}
          order={order}
          hidden={hidden}
          scroller={scroller}
          onOpen={onOpen}
          onAsk={setAsking}
        />
        <TerminalList projectId={projectId} mayEdit={mayEdit} onOpen={onOpenTerminal} />
      </div>
      <UploadList uploads={uploads} list={list} />
      {over && <div className={styles.drop}>Drop files to upload them into this folder</div>}
      {asking && (
        <EntryDialog
          key={JSON.stringify(asking)}
          projectId={projectId}
          asking={asking}
          onClose={() => setAsking(undefined)}
          onMade={(name, kind) => onOpen(join(path, name), kind)}
        />
      )}
    </div>
  );
}
