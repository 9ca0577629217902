import { Card } from "../../ui/Card";
import { Notice } from "../../ui/Notice";
import { RelativeTime } from "../../ui/RelativeTime";
import type { Project } from "../../wire/types.gen";
import styles from "./RunCard.module.css";
import { StateTag } from "./StateTag";
import { useNames } from "./useProject";
import { askedWords } from "./words";

/** Whether the project runs, what was asked of it last, and how it is kept apart. */
export function RunCard({ project }: { project: Project }) {
  const names = useNames();
  const { state, action_request: asked, isolation } = project;
  return (
    <Card title="Running" description="Programs and terminals of a project run on the server, also while nobody looks.">
      {state.error !== undefined && <Notice kind="failed">{state.error}</Notice>}
      <dl className={styles.facts}>
        <dt>State</dt>
        <dd>
          <StateTag state={state.state} /> <RelativeTime time={state.since} />
        </dd>
        {asked && (
          <>
            <dt>Last request</dt>
            <dd>
              {askedWords(asked.action, asked.account_id === undefined ? undefined : names.get(asked.account_id))}{" "}
              <RelativeTime time={asked.time} />
              {asked.error !== undefined && <span className={styles.error}> {asked.error}</span>}
            </dd>
          </>
        )}
        {isolation !== undefined && (
          <>
            <dt>Isolation</dt>
            <dd>{isolation}</dd>
          </>
        )}
      </dl>
    </Card>
  );
}
