import type { ReactNode } from "react";
import { Mark } from "../../ui/Mark";
import styles from "./Door.module.css";

/** The frame of the pages before one has signed in. */
export function Door(props: { site: string; title: string; lead?: ReactNode; children: ReactNode; foot?: ReactNode }) {
  return (
    <main className={styles.door}>
      <div className={styles.box}>
        <p className={styles.site}>
          <Mark size={30} />
          {props.site}
        </p>
        <div className={styles.card}>
          <h1 className={styles.title}>{props.title}</h1>
          {props.lead && <p className={styles.lead}>{props.lead}</p>}
          {props.children}
        </div>
        {props.foot && <p className={styles.foot}>{props.foot}</p>}
      </div>
    </main>
  );
}
