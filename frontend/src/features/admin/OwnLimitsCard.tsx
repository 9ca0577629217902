import { Link } from "@tanstack/react-router";
import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";
import { Card } from "../../ui/Card";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import styles from "./LimitsPage.module.css";
import { limitsShape, summary } from "./limits";

/** The projects that have limits of their own. */
export function OwnLimitsCard() {
  const limits = useLive("project_limits", { project_id: null, ...limitsShape });
  const titles = new Map(rowsOf(useLive("projects", { id: null, title: null })).map(({ id, title }) => [id, title]));
  const body = () => {
    switch (limits.state) {
      case "loading":
        return <Waiting what="the limits" />;
      case "failed":
        return <Notice kind="failed">{limits.error.message}</Notice>;
      case "stale":
      case "ready":
        if (limits.rows.length === 0) {
          return <p className={styles.quiet}>No project has limits of its own: the site’s defaults hold for all.</p>;
        }
        return (
          <ul className={styles.list} aria-label="Projects with limits of their own">
            {limits.rows.map(({ project_id: project, ...own }) => (
              <li key={project}>
                <Link to="/server/limits" search={{ project }}>
                  {titles.get(project) ?? `Project ${project}`}
                </Link>
                <p className={styles.quiet}>{summary(own)}</p>
              </li>
            ))}
          </ul>
        );
    }
  };
  return (
    <Card
      title="Projects with limits of their own"
      description="Those that you are in are shown with their titles, others with their ids."
    >
      {body()}
    </Card>
  );
}
