import { useSearch } from "@tanstack/react-router";
import { LimitsPage } from "../features/admin/LimitsPage";
import { ResourcesCard } from "../features/projects/ResourcesCard";

/** Puts what a project uses beside what it may use: two features that do not know of each other. */
export function LimitsRoute() {
  const { project } = useSearch({ from: "/shell/server/limits" });
  return <LimitsPage projectId={project} renderUsage={(projectId) => <ResourcesCard projectId={projectId} />} />;
}
