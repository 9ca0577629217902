import { rowsOf } from "../../live/live";
import { useAccountId, useLive } from "../../live/react";
import { Card } from "../../ui/Card";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import { LimitsForm } from "./LimitsForm";
import { type Limits, limitsShape, nothingLeft } from "./limits";

/** In the settings of a project, for administrators: what it may use. Nothing for others. */
export function ProjectLimitsOfAdministrator({ projectId }: { projectId: string }) {
  const id = useAccountId();
  const account = rowsOf(useLive("accounts", id === undefined ? undefined : { id, administrator: null }))[0];
  return account?.administrator ? <ProjectLimitsCard projectId={projectId} /> : null;
}

/** What one project may use, where it differs from the site's defaults. */
export function ProjectLimitsCard({ projectId }: { projectId: string }) {
  const limits = useLive("project_limits", { project_id: projectId, ...limitsShape });
  const usage = rowsOf(useLive("project_usage", { project_id: projectId, defaults: null }))[0];
  const body = () => {
    switch (limits.state) {
      case "loading":
        return <Waiting what="the limits" />;
      case "failed":
        return <Notice kind="failed">{limits.error.message}</Notice>;
      case "stale":
      case "ready": {
        const chosen = ownOf(limits.rows[0]);
        return (
          <LimitsForm
            chosen={chosen}
            fallback={usage?.defaults}
            otherwise="Site’s default"
            saved="The limits of the project have been saved."
            onSave={(store, changes) => {
              const key = { project_id: projectId };
              return nothingLeft(chosen, changes)
                ? store.set("project_limits", key, { delete: true, optimistic: false })
                : store.set("project_limits", { ...key, ...changes }, { optimistic: false });
            }}
          />
        );
      }
    }
  };
  return (
    <Card
      title="Limits"
      description="What this project may use. You can change it because you are an administrator; it holds at once. An empty field is the site’s default."
    >
      {body()}
    </Card>
  );
}

/** The limits in a row, without its key. */
function ownOf(row: Limits | undefined): Limits {
  return Object.fromEntries(
    Object.keys(limitsShape).flatMap((name) => (row && name in row ? [[name, row[name as keyof Limits]]] : [])),
  );
}
