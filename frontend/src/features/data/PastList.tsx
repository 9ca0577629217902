import { IconHistory } from "@tabler/icons-react";
import { Button } from "../../ui/Button";
import { RelativeTime } from "../../ui/RelativeTime";
import styles from "./SchemaBrowser.module.css";
import type { Past } from "./past";

export interface PastListProps {
  past: readonly Past[];
  onPick(past: Past): void;
  onClear(): void;
}

/** What was run in this browser, the last first. */
export function PastList({ past, onPick, onClear }: PastListProps) {
  return (
    <section aria-labelledby="data-past" className={styles.past}>
      <div className={styles.head}>
        <h2 id="data-past" className={styles.heading}>
          <IconHistory size={16} aria-hidden /> History
        </h2>
        {past.length > 0 && (
          <Button size="small" kind="quiet" onClick={onClear}>
            Clear
          </Button>
        )}
      </div>
      <p className={styles.quiet}>
        Queries are kept in this browser only, with the values in them. On a computer of others, clear them.
      </p>
      <ul className={styles.list}>
        {past.map((one) => (
          <li key={`${one.query}\n${one.options}`}>
            <button type="button" className={styles.entry} onClick={() => onPick(one)}>
              <code className={styles.oneLine}>{one.query.replaceAll(/\s+/g, " ")}</code>
              <span className={styles.quiet}>
                <RelativeTime time={one.time} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
