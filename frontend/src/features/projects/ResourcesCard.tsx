import { Card } from "../../ui/Card";
import { Meter } from "../../ui/Meter";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import type { ProjectUsage } from "../../wire/types.gen";
import styles from "./ResourcesCard.module.css";
import { gaugesOf, honestly, idleWords, networkWords } from "./usage";
import { useUsage } from "./useUsage";

/** What a project uses now of what it may. */
export function ResourcesCard({ projectId, networkNote }: { projectId: string; networkNote?: string }) {
  const usage = useUsage(projectId);
  const body = () => {
    switch (usage.state) {
      case "loading":
        return <Waiting what="the first measurement" />;
      case "failed":
        return <Notice kind="failed">{usage.error.message}</Notice>;
      case "stale":
      case "ready": {
        const row = usage.rows[0];
        return row ? <Resources usage={row} networkNote={networkNote} /> : <Waiting what="the first measurement" />;
      }
    }
  };
  return (
    <Card
      title="Resources"
      description="What the project uses now, of what it may use. Administrators can change that."
    >
      {body()}
    </Card>
  );
}

function Resources({ usage, networkNote }: { usage: ProjectUsage; networkNote?: string }) {
  const sentences = honestly(usage);
  return (
    <>
      <div className={styles.gauges}>
        {gaugesOf(usage).map(({ name, advice, ...gauge }) => (
          <Meter key={name} {...gauge}>
            {advice}
          </Meter>
        ))}
      </div>
      <dl className={styles.facts}>
        <dt>Network</dt>
        <dd>
          {networkWords(usage)} {networkNote}
        </dd>
        <dt>Idle</dt>
        <dd>{idleWords(usage.limits.idle_seconds)}</dd>
      </dl>
      {sentences.length > 0 && (
        <ul className={styles.notes} aria-label="What is not bounded">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </>
  );
}
