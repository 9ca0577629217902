import { Link } from "@tanstack/react-router";
import { clock } from "../../lib/times";
import { Hint } from "../../ui/Hint";
import type { Project } from "../../wire/types.gen";
import styles from "./ProjectStatus.module.css";
import { StateTag } from "./StateTag";
import { useNames } from "./useProject";
import { askedWords } from "./words";

/** Whether a project runs, since when, and who asked for what. */
export function ProjectStatus({ project, short }: { project: Project; short: boolean }) {
  const names = useNames();
  const { state, action_request: asked } = project;
  const who =
    asked && askedWords(asked.action, asked.account_id === undefined ? undefined : names.get(asked.account_id));
  const error = state.error ?? asked?.error;
  const since = `since ${clock(state.since)}`;
  return (
    <div className={styles.status} role="status" aria-label="State of the project">
      <Hint text={[error, since, who && asked && `${who} at ${clock(asked.time)}`].filter(Boolean).join(" · ")}>
        <Link to="/projects/$projectId/settings" params={{ projectId: project.id }} className={styles.tag}>
          <StateTag state={state.state} />
        </Link>
      </Hint>
      {!short && <span className={styles.since}>{who && asked && asked.finished === undefined ? who : since}</span>}
    </div>
  );
}
