import { useLocation, useMatches, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { uploadsFor } from "../features/files/useUploads";
import { type Place, ProjectPage, type ProjectSlots } from "../features/projects/ProjectPage";
import { useStore } from "../live/react";
import { Waiting } from "../ui/Waiting";
import { Boundary } from "./Boundary";

const EditorFrame = lazy(() => import("../features/editor/EditorFrame").then((m) => ({ default: m.EditorFrame })));
const TerminalFrame = lazy(() =>
  import("../features/terminal/TerminalFrame").then((m) => ({ default: m.TerminalFrame })),
);
const ProjectLimits = lazy(() =>
  import("../features/admin/ProjectLimitsCard").then((m) => ({ default: m.ProjectLimitsOfAdministrator })),
);
const FilesPanel = lazy(() => import("../features/files/FilesPanel").then((m) => ({ default: m.FilesPanel })));

/** Puts files, editors and terminals, which do not know of each other, into one project. */
export function ProjectRoute() {
  const { projectId = "" } = useParams({ strict: false });
  const place = usePlace();
  const store = useStore();
  const slots: ProjectSlots = {
    renderFiles: ({ folder, role, onOpen, onOpenTerminal }) => (
      <Frame what="the files">
        <FilesPanel projectId={projectId} path={folder} role={role} onOpen={onOpen} onOpenTerminal={onOpenTerminal} />
      </Frame>
    ),
    renderLimits: () => (
      <Boundary>
        <Suspense fallback={null}>
          <ProjectLimits projectId={projectId} />
        </Suspense>
      </Boundary>
    ),
    renderFrame: ({ shown, role, visible, aim, onPlaces, onBell, onClose, onMoved }) => (
      <Frame what={shown.kind === "document" ? "the editor" : "the terminal"}>
        {shown.kind === "document" ? (
          <EditorFrame
            projectId={projectId}
            path={shown.path}
            role={role}
            visible={visible}
            aim={aim}
            onClose={onClose}
            onMoved={onMoved}
          />
        ) : (
          <TerminalFrame
            projectId={projectId}
            terminalId={shown.id}
            role={role}
            visible={visible}
            onPlaces={onPlaces}
            onBell={onBell}
            upload={(folder, files) => uploadsFor(store, projectId).add(folder, files)}
          />
        )}
      </Frame>
    ),
  };
  return <ProjectPage key={projectId} projectId={projectId} place={place} slots={slots} />;
}

/** What breaks or loads in one frame leaves the others alone. */
function Frame({ what, children }: { what: string; children: React.ReactNode }) {
  return (
    <Boundary>
      <Suspense fallback={<Waiting what={what} />}>{children}</Suspense>
    </Boundary>
  );
}

/** Where in the project the address is. */
function usePlace(): Place {
  const { _splat = "", terminalId = "" } = useParams({ strict: false });
  const last = useMatches().at(-1)?.routeId;
  useLocation(); // a splat may change while the route stays
  switch (last) {
    case "/shell/projects/$projectId/edit/$":
      return { kind: "document", path: _splat };
    case "/shell/projects/$projectId/terminals/$terminalId":
      return { kind: "terminal", id: terminalId };
    case "/shell/projects/$projectId/settings":
      return { kind: "settings" };
    default:
      return { kind: "folder", path: _splat.replace(/\/+$/, "") };
  }
}
