import type { ReactNode } from "react";
import styles from "./Tag.module.css";

/** One or two words about a thing: its state, its role. */
export function Tag(props: {
  tone?: "neutral" | "ok" | "warn" | "danger" | "accent";
  busy?: boolean;
  dot?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={styles.tag} data-tone={props.tone ?? "neutral"} data-busy={props.busy || undefined}>
      {(props.dot ?? true) && <span className={styles.dot} aria-hidden />}
      {props.children}
    </span>
  );
}
