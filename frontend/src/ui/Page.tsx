import type { ReactNode } from "react";
import styles from "./Page.module.css";

export interface PageProps {
  title: string;
  description?: ReactNode;
  /** At the right of the title. */
  action?: ReactNode;
  children: ReactNode;
  width?: "narrow" | "wide" | "full";
}

/** A page that scrolls as a whole, with its heading. */
export function Page({ title, description, action, children, width = "narrow" }: PageProps) {
  return (
    <div className={styles.scroll}>
      <div className={styles.page} data-width={width}>
        <div className={styles.head}>
          <div className={styles.words}>
            <h1 className={styles.title}>{title}</h1>
            {description && <p className={styles.description}>{description}</p>}
          </div>
          {action}
        </div>
        {children}
      </div>
    </div>
  );
}
