import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { ForAdministrators } from "./ForAdministrators";
import { OneProjectCard } from "./OneProjectCard";
import { OwnLimitsCard } from "./OwnLimitsCard";
import { ProjectLimitsCard } from "./ProjectLimitsCard";
import { SiteLimitsCard } from "./SiteLimitsCard";

export interface LimitsPageProps {
  /** The project whose limits are shown; without one, those of the site. */
  projectId: string | undefined;
  /** What a project uses now. */
  renderUsage(projectId: string): ReactNode;
}

/** What projects may use, for administrators. */
export function LimitsPage({ projectId, renderUsage }: LimitsPageProps) {
  return (
    <>
      <title>Limits of projects · Lyceum</title>
      <ForAdministrators title="Limits of projects" what="What projects may use">
        {projectId === undefined ? (
          <AllLimits />
        ) : (
          <OneProject key={projectId} id={projectId} renderUsage={renderUsage} />
        )}
      </ForAdministrators>
    </>
  );
}

function AllLimits() {
  return (
    <Page
      title="Limits of projects"
      description="How much of this machine a project may take."
      action={<Button renderRoot={(props) => <Link to="/server" {...props} />}>Server</Button>}
    >
      <OneProjectCard />
      <OwnLimitsCard />
      <SiteLimitsCard />
    </Page>
  );
}

function OneProject({ id, renderUsage }: { id: string; renderUsage(id: string): ReactNode }) {
  const usage = useLive("project_usage", { project_id: id, defaults: null });
  const title = rowsOf(useLive("projects", { id, title: null }))[0]?.title;
  return (
    <Page
      title="Limits of a project"
      description={title ?? `Project ${id}`}
      action={<Button renderRoot={(props) => <Link to="/server/limits" {...props} />}>All limits</Button>}
    >
      {usage.state === "failed" ? (
        <Notice kind="failed">{usage.error.message}</Notice>
      ) : (
        <>
          {renderUsage(id)}
          <ProjectLimitsCard projectId={id} />
        </>
      )}
    </Page>
  );
}
