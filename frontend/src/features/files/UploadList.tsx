import { IconCircleCheck, IconX } from "@tabler/icons-react";
import { useEffect } from "react";
import { nameOf } from "../../lib/paths";
import { formatSize } from "../../lib/sizes";
import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import styles from "./FilesPanel.module.css";
import type { Upload, Uploads } from "./uploads";

/** What is uploaded is in the list above: it is told for some seconds, then goes. */
const TOLD_MS = 6000;

/** The files on their way into the project, each with a way to break it off. */
export function UploadList({ uploads, list }: { uploads: Uploads; list: readonly Upload[] }) {
  const done = list.length > 0 && list.every((upload) => upload.state.is === "done");
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => uploads.clear(), TOLD_MS);
    return () => clearTimeout(timer);
  }, [done, uploads]);
  if (list.length === 0) return null;
  return (
    <section className={styles.uploads} aria-label="Uploads">
      <div className={styles.heading}>
        <h2>Uploads</h2>
        {done && (
          <Button size="small" kind="quiet" onClick={() => uploads.clear()}>
            Clear
          </Button>
        )}
      </div>
      <ul className={styles.list}>
        {list.map((upload) => (
          <li key={upload.id}>
            <UploadRow upload={upload} uploads={uploads} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function UploadRow({ upload, uploads }: { upload: Upload; uploads: Uploads }) {
  const { id, state, sent, size } = upload;
  const name = nameOf(upload.path);
  return (
    <div className={styles.upload}>
      <div className={styles.row}>
        <span className={styles.name} title={upload.path}>
          {name}
        </span>
        {state.is === "done" ? (
          <IconCircleCheck size={18} className={styles.done} role="img" aria-label={`${name} is uploaded`} />
        ) : (
          <IconButton
            label={state.is === "sending" ? `Cancel ${name}` : `Dismiss ${name}`}
            icon={<IconX size={16} />}
            size="small"
            onClick={() => uploads.cancel(id)}
          />
        )}
      </div>
      {(state.is === "sending" || state.is === "waiting") && (
        <>
          <progress max={Math.max(1, size)} value={sent} aria-label={`Uploading ${name}`} />
          <span className={styles.progress}>
            {state.is === "waiting" ? "Waiting" : `${formatSize(sent)} of ${formatSize(size)}`}
          </span>
        </>
      )}
      {state.is === "exists" && (
        <div role="alert" className={styles.question}>
          <span>{state.message}</span>
          <Button size="small" onClick={() => uploads.replace(id)}>
            Replace it
          </Button>
        </div>
      )}
      {state.is === "failed" && (
        <p role="alert" className={styles.problem}>
          {state.message}
        </p>
      )}
    </div>
  );
}
