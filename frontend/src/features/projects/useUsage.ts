import { useState } from "react";
import type { Live } from "../../live/live";
import { useLive } from "../../live/react";
import { useVisible } from "../../ui/useVisible";
import type { ProjectUsage } from "../../wire/types.gen";

const shape = {
  time: null,
  memory_bytes: null,
  cpus: null,
  processes: null,
  disk_bytes: null,
  disk_by: null,
  terminals: null,
  limits: null,
  defaults: null,
  bounded: null,
  network: null,
  note: null,
} as const;

/**
 * What a project uses of what it may. The host measures for as long as it is
 * watched, so nobody watches while the page is not on screen; what was there
 * stays there meanwhile.
 */
export function useUsage(projectId: string): Live<ProjectUsage> {
  const visible = useVisible();
  const usage = useLive("project_usage", visible ? { project_id: projectId, ...shape } : undefined);
  const [last, setLast] = useState(usage);
  const told = usage.state !== "loading" && !("rows" in usage && usage.rows.length === 0);
  if (told && usage !== last) setLast(usage);
  return told ? usage : last;
}
