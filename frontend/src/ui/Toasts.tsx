import { IconAlertTriangle, IconCircleCheck, IconX } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import { IconButton } from "./IconButton";
import { currentToasts, dismiss, onToasts } from "./toast";
import styles from "./Toasts.module.css";

/** Where toasts appear; once a page. Screen readers say them as they come. */
export function Toasts() {
  const toasts = useSyncExternalStore(onToasts, currentToasts);
  return (
    <section className={styles.toasts} aria-label="Messages" aria-live="polite">
      {toasts.map(({ id, kind, sentence }) => (
        <div key={id} className={styles.toast} data-kind={kind} role={kind === "failed" ? "alert" : "status"}>
          {kind === "failed" ? <IconAlertTriangle size={18} aria-hidden /> : <IconCircleCheck size={18} aria-hidden />}
          <p>{sentence}</p>
          <IconButton label="Close this message" icon={<IconX size={16} />} size="small" onClick={() => dismiss(id)} />
        </div>
      ))}
    </section>
  );
}
