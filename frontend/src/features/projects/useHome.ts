import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";
import type { Project } from "../../wire/types.gen";

/** The server that has a project, where it is not the one that this page talks to. */
export interface Home {
  name: string;
  /** Ends with a slash. */
  address: string;
}

/** Where a project is: not known yet, here, or at another server. */
export function useHome(project: Pick<Project, "server"> | undefined): "loading" | "here" | Home {
  const here = useLive("this_server", { server: null });
  const own = rowsOf(here)[0]?.server;
  const other =
    project?.server !== undefined && own !== undefined && project.server !== own ? project.server : undefined;
  const servers = useLive("servers", other === undefined ? undefined : { id: other, name: null, address: null });
  if (project?.server !== undefined && here.state === "loading") return "loading";
  if (other === undefined) return "here";
  if (servers.state === "loading") return "loading";
  return rowsOf(servers)[0] ?? "here"; // nobody knows it: what the server says of each thing is shown
}
