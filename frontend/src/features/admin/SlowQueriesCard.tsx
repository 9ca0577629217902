import { IconBolt } from "@tabler/icons-react";
import { useLive } from "../../live/react";
import { Card } from "../../ui/Card";
import { EmptyState } from "../../ui/EmptyState";
import { Notice } from "../../ui/Notice";
import { RelativeTime } from "../../ui/RelativeTime";
import { Waiting } from "../../ui/Waiting";
import { count, duration, some } from "./figures";
import styles from "./ServerPage.module.css";

const shape = {
  id: null,
  time: null,
  table: null,
  duration_ms: null,
  text: null,
  looked_at: null,
  answered: null,
} as const;

/** The latest queries that took long. */
export function SlowQueriesCard() {
  const slow = useLive("slow_queries", shape, { order_by: "-time" });
  const body = () => {
    switch (slow.state) {
      case "loading":
        return <Waiting what="slow queries" />;
      case "failed":
        return <Notice kind="failed">{slow.error.message}</Notice>;
      case "stale":
      case "ready":
        if (slow.rows.length === 0) {
          return (
            <EmptyState icon={<IconBolt size={24} />} title="No slow queries">
              Since the server was started everything was answered in time.
            </EmptyState>
          );
        }
        return (
          <ul className={styles.list} aria-label="Slow queries">
            {slow.rows.map((query) => (
              <li key={query.id} className={styles.query}>
                <p className={styles.queryHead}>
                  <strong>{duration(query.duration_ms)}</strong>
                  <span className={styles.detail}>
                    {some(query.looked_at, "row")} looked at, {count(query.answered)} answered,{" "}
                    <RelativeTime time={query.time} />
                  </span>
                </p>
                <code className={styles.text}>{query.text}</code>
              </li>
            ))}
          </ul>
        );
    }
  };
  return (
    <Card
      title="Slow queries"
      description="The latest that took longer than a tenth of a second. Each “?” stands for what somebody has written or looks for; who asked is not kept."
    >
      {body()}
    </Card>
  );
}
