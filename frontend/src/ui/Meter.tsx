import { IconAlertTriangle } from "@tabler/icons-react";
import { type ReactNode, useId } from "react";
import styles from "./Meter.module.css";

export interface MeterProps {
  label: string;
  /** The figures in words: "412 MiB of 2 GiB". */
  text: string;
  /** How much of the whole, from 0 to 1; undefined where nobody knows, and then there is no bar. */
  part: number | undefined;
  /** How it stands. What is near its end or over it says so in a word, not only by its colour. */
  level: "fine" | "near" | "full";
  /** The word for the level, where there is something to say. */
  word?: string;
  /** What to do about it. */
  children?: ReactNode;
}

/** How much of something is used, as a line of words and a quiet bar. */
export function Meter({ label, text, part, level, word, children }: MeterProps) {
  const id = useId();
  const percent = part === undefined ? undefined : Math.round(Math.min(Math.max(part, 0), 1) * 100);
  return (
    <div className={styles.meter} data-level={level}>
      <div className={styles.line}>
        <span id={id} className={styles.label}>
          {label}
        </span>
        {word !== undefined && (
          <span className={styles.word}>
            <IconAlertTriangle size={14} aria-hidden />
            {word}
          </span>
        )}
        <span className={styles.text}>{text}</span>
      </div>
      {percent !== undefined && (
        <div
          role="meter"
          className={styles.bar}
          aria-labelledby={id}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
          aria-valuetext={word === undefined ? text : `${text}, ${word.toLowerCase()}`}
        >
          <div className={styles.used} style={{ width: `${percent}%` }} />
        </div>
      )}
      {children && <p className={styles.advice}>{children}</p>}
    </div>
  );
}
