import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import styles from "./Notice.module.css";

export interface NoticeProps {
  kind: "info" | "done" | "warn" | "failed";
  children: ReactNode;
  /** A button that goes on. */
  action?: ReactNode;
  /** From edge to edge, as a bar above a page. */
  bar?: boolean;
  /** What it stands in tells screen readers of it already. */
  told?: boolean;
}

const ICONS = { info: IconInfoCircle, done: IconCircleCheck, warn: IconAlertTriangle, failed: IconAlertTriangle };

/** A sentence that stays on the page. Failures are said at once by screen readers, others when there is time. */
export function Notice({ kind, children, action, bar, told }: NoticeProps) {
  const Icon = ICONS[kind];
  return (
    <div
      className={styles.notice}
      data-kind={kind}
      data-bar={bar || undefined}
      role={told ? undefined : kind === "failed" ? "alert" : "status"}
    >
      <Icon size={18} aria-hidden />
      <div className={styles.text}>{children}</div>
      {action}
    </div>
  );
}
