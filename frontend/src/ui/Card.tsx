import type { ReactNode } from "react";
import { useId } from "react";
import styles from "./Card.module.css";

export interface CardProps {
  title: string;
  /** A sentence below the title. */
  description?: ReactNode;
  /** At the right of the title. */
  action?: ReactNode;
  children?: ReactNode;
}

/** One subject of a page, with its heading. */
export function Card({ title, description, action, children }: CardProps) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <div className={styles.head}>
        <div className={styles.words}>
          <h2 id={id} className={styles.title}>
            {title}
          </h2>
          {description && <p className={styles.description}>{description}</p>}
        </div>
        {action}
      </div>
      {children && <div className={styles.body}>{children}</div>}
    </section>
  );
}
