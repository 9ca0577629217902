import styles from "./Avatar.module.css";
import { initialsOf, toneOf } from "./avatarOf";

/** The initials of a person. Decoration: the name stands beside it, or in `label`. */
export function Avatar({ name, size = 28, label }: { name: string; size?: number; label?: string }) {
  return (
    <span
      className={styles.avatar}
      style={{ width: size, height: size, fontSize: Math.round(size * 0.4), background: toneOf(name) }}
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined || undefined}
      title={label}
    >
      {initialsOf(name)}
    </span>
  );
}
