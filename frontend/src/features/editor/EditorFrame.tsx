import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from "react";
import { rowsOf } from "../../live/live";
import { useAction, useConnection, useLive } from "../../live/react";
import { fileAddress } from "../../lib/addresses";
import { nameOf } from "../../lib/paths";
import { Button } from "../../ui/Button";
import { downloadLink } from "../../ui/downloadLink";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import type { Member } from "../../wire/types.gen";
import { EditorBar } from "./EditorBar";
import styles from "./EditorFrame.module.css";
import { EditorNotices } from "./EditorNotices";
import type { DocumentSession, SessionView } from "./session";
import { statusOf } from "./status";
import { TextArea } from "./TextArea";
import { usePeople } from "./usePeople";
import { useSession } from "./useSession";

/** A line of the text, and maybe a column, from 1. */
export interface Aim {
  line: number;
  column?: number;
}

export interface EditorFrameProps {
  projectId: string;
  path: string;
  role: Member["role"];
  /** False while another tab covers it: it stays, and is nowhere for others. */
  visible?: boolean;
  /** A place to show; another object shows it again. */
  aim?: Aim;
  /** Goes back to where the file was opened from; without it that is the page's business. */
  onClose?(): void;
  /** The file was renamed: it is open under another path from now on. */
  onMoved?(path: string): void;
}

/** A text file, edited together. It fills its container. */
export function EditorFrame(props: EditorFrameProps) {
  const [session, anew] = useSession(props.projectId, props.path);
  if (!session) return <Waiting what={`“${nameOf(props.path)}”`} />;
  return <OpenDocument key={session.origin} {...props} session={session} onAnew={anew} />;
}

type OpenProps = EditorFrameProps & { session: DocumentSession; onAnew(): void };

function OpenDocument({ projectId, path, role, visible = true, aim, session, onClose, onMoved, onAnew }: OpenProps) {
  const view = useSyncExternalStore(session.subscribe, session.view);
  const late = useLate(view);
  const connected = useConnection().state === "open";
  const { documentId } = view;
  const rows = rowsOf(
    useLive(
      "documents",
      documentId === undefined
        ? undefined
        : { id: documentId, path: null, saved: {}, dirty: null, error: null, disk: {} },
    ),
  );
  const file = rows[0] ?? null;
  const [people, move] = usePeople(session, documentId, visible);
  const follow = useEffectEvent((to: string) => onMoved?.(to));
  const now = file?.path;
  useEffect(() => {
    if (now !== undefined && now !== path) follow(now);
  }, [now, path]);
  const knownRole = useRef(role);
  useEffect(() => {
    if (role === knownRole.current) return;
    knownRole.current = role;
    session.refresh();
  }, [role, session]);
  const writeAgain = useAction((store) =>
    store.set("documents", { id: documentId, write_again: true }, { optimistic: false }),
  );

  switch (view.phase) {
    case "opening":
    case "closed":
      return (
        <div className={styles.frame}>
          <Waiting
            what={`“${nameOf(path)}”`}
            slow={connected ? view.message : "There is no connection to the server."}
          />
        </div>
      );
    case "failed":
      return (
        <div className={styles.failed}>
          <Notice kind="failed">{view.message}</Notice>
          <div className={styles.actions}>
            {onClose && <Button onClick={onClose}>Back to the files</Button>}
            <Button onClick={() => session.retry()}>Try again</Button>
            <Button renderRoot={downloadLink(fileAddress(projectId, path))}>Download</Button>
          </div>
        </div>
      );
    case "open":
    case "refused":
    case "replaced":
      return (
        <section className={styles.frame} aria-label={nameOf(path)}>
          <EditorBar
            status={statusOf(view, connected, late, file)}
            people={people}
            download={fileAddress(projectId, path)}
            name={nameOf(path)}
          />
          <EditorNotices session={session} view={view} file={file} onWriteAgain={writeAgain} onAnew={onAnew} />
          <TextArea
            session={session}
            path={path}
            readOnly={view.readOnly || role === "viewer"}
            visible={visible}
            aim={aim}
            people={people}
            onSelect={move}
          />
        </section>
      );
  }
}

/** A server that has not acknowledged anything for this long is slow, or away without our knowing. */
const LATE_MS = 1500;

/** Whether what waits to be sent makes no progress. */
function useLate({ pending, progress }: SessionView): boolean {
  const [lateAt, setLateAt] = useState<number>();
  const waiting = pending > 0;
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(() => setLateAt(progress), LATE_MS);
    return () => clearTimeout(timer);
  }, [waiting, progress]);
  return waiting && lateAt === progress;
}
