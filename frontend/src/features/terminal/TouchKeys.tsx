import { type MouseEvent } from "react";
import styles from "./TouchKeys.module.css";
import { ESCAPE, TAB, TOUCH_KEYS, type TouchKey } from "./missingKeys";

export interface TouchKeysProps {
  /** Of which terminal. */
  title: string;
  /** Ctrl is held for the next key. */
  ctrl: boolean;
  onCtrl(held: boolean): void;
  onKey(key: TouchKey): void;
}

/** The keys that the keyboard of a telephone lacks, in a row. */
export function TouchKeys({ title, ctrl, onCtrl, onKey }: TouchKeysProps) {
  const key = (one: TouchKey) => (
    <button
      key={one.name}
      type="button"
      className={styles.key}
      aria-label={one.name}
      onMouseDown={keepFocus}
      onClick={() => onKey(one)}
    >
      {one.face}
    </button>
  );
  return (
    <div className={styles.keys} role="group" aria-label={`Keys for ${title}`}>
      {key(ESCAPE)}
      {key(TAB)}
      <button
        type="button"
        className={styles.key}
        aria-pressed={ctrl}
        aria-label="Ctrl, for the next key"
        onMouseDown={keepFocus}
        onClick={() => onCtrl(!ctrl)}
      >
        Ctrl
      </button>
      {TOUCH_KEYS.map(key)}
    </div>
  );
}

/** The terminal keeps the focus, and with it the keyboard that is on the screen. */
function keepFocus(event: MouseEvent): void {
  event.preventDefault();
}
