import { Link, useNavigate } from "@tanstack/react-router";
import { IconFolderOff } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { parentOf } from "../../lib/paths";
import type { Place as Target } from "../../lib/place";
import { rowsOf } from "../../live/live";
import { useAccountId, useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Notice } from "../../ui/Notice";
import { useNarrow } from "../../ui/useNarrow";
import { Waiting } from "../../ui/Waiting";
import type { Project } from "../../wire/types.gen";
import { addressOf } from "./address";
import { ArchivedNotice } from "./ArchivedNotice";
import { Elsewhere } from "./Elsewhere";
import { keepTabs, keptTabs } from "./keptTabs";
import { Notices } from "./Notices";
import { ProjectHeader } from "./ProjectHeader";
import styles from "./ProjectPage.module.css";
import { ProjectSettings } from "./ProjectSettings";
import { close, type Layout, rename, seen, show, showBeside, type Shown, shownBy, type Tab, tabOf } from "./tabs";
import { useHome } from "./useHome";
import { useTabNames } from "./useTabNames";
import { useProject } from "./useProject";
import { useVisits } from "./useVisits";
import { type Role, roleOf } from "./words";
import { Workspace } from "./Workspace";

/** Where one is in a project: the part of the address behind it. */
export type Place = { kind: "folder"; path: string } | Shown | { kind: "settings" };

/** A line of a document, and maybe a column, from 1. */
export interface Aim {
  line: number;
  column?: number;
}

/** What the application puts into the frames of a project. */
export interface ProjectSlots {
  renderFiles(props: {
    folder: string;
    role: Role;
    onOpen(path: string, kind: "file" | "directory"): void;
    onOpenTerminal(id: string): void;
  }): ReactNode;
  renderFrame(props: {
    shown: Shown;
    role: Role;
    visible: boolean;
    onClose(): void;
    /** Where in the document to go; another object goes there again. */
    aim: Aim | undefined;
    /** Opens places of the project beside this frame. */
    onPlaces(places: readonly Target[]): void;
    /** What is in the frame wants to be looked at. */
    onBell(): void;
    /** The file has another path now. */
    onMoved(path: string): void;
  }): ReactNode;
  /** What the settings have for administrators, who alone decide what a project may use. */
  renderLimits(): ReactNode;
}

export interface ProjectPageProps {
  projectId: string;
  place: Place;
  slots: ProjectSlots;
}

/** One project: files at the left, what is open at the right. */
export function ProjectPage({ projectId, place, slots }: ProjectPageProps) {
  const project = useProject(projectId);
  const accountId = useAccountId();
  const home = useHome(rowsOf(project)[0]);
  switch (project.state) {
    case "loading":
      return <Waiting what="the project" />;
    case "failed":
      return <Notice kind="failed">{project.error.message}</Notice>;
    case "stale":
    case "ready": {
      const row = project.rows[0];
      const role = row && roleOf(row.users, accountId);
      if (!row || !role) return <Gone />;
      if (home === "loading") return <Waiting what="the project" />;
      if (home !== "here") return <Elsewhere title={row.title} home={home} />;
      return <OpenProject project={row} role={role} place={place} slots={slots} />;
    }
  }
}

function Gone() {
  return (
    <>
      <title>Project not found</title>
      <EmptyState
        icon={<IconFolderOff size={26} />}
        title="This project is not open to you"
        action={<Button renderRoot={(props) => <Link to="/projects" {...props} />}>Go to your projects</Button>}
      >
        It does not exist, or you are not one of its people any more. Ask an owner to add you.
      </EmptyState>
    </>
  );
}

type OpenProps = Omit<ProjectPageProps, "projectId"> & { project: Project; role: Role };

function OpenProject({ project, role, place, slots }: OpenProps) {
  const { id } = project;
  useStartOnArrival(project);
  useVisits(id);
  const narrow = useNarrow();
  const [layout, setLayout] = useLayout(id, place);
  const [folder, setFolder] = useFolder(place);
  const [drawer, setDrawer] = useState(false);
  const navigate = useNavigate();

  const goTo = (tab: Tab | undefined) => navigate(addressOf(id, tab, folder));
  const openPath = (path: string, kind: "file" | "directory") => {
    if (kind === "file") {
      setDrawer(false);
      return void goTo(tabOf({ kind: "document", path }));
    }
    setFolder(path);
    // Looking around beside an open document does not leave it.
    if (place.kind === "folder") {
      void navigate({ to: "/projects/$projectId/files/$", params: { projectId: id, _splat: path } });
    }
  };
  const openTerminal = (terminalId: string) => {
    setDrawer(false);
    void goTo(tabOf({ kind: "terminal", id: terminalId }));
  };
  const change = (next: Layout) => {
    setLayout(next);
    if (place.kind !== "folder" || seen(next) !== seen(layout)) void goTo(seen(next));
  };

  const [aims, setAims] = useState<ReadonlyMap<Tab, Aim>>(new Map());
  const openPlaces = (places: readonly Target[], from: Tab) => {
    let next = layout;
    for (const { path, folder, line, column } of places) {
      if (folder) {
        setFolder(path);
        continue;
      }
      const target = tabOf({ kind: "document", path });
      next = showBeside(next, target, from, !narrow);
      if (line !== undefined) setAims((known) => new Map(known).set(target, { line, column }));
    }
    if (next !== layout) change(next);
  };
  const [rung, setRung] = useState<ReadonlySet<Tab>>(new Set());
  const ring = (which: Tab) => {
    if (layout.frames.some(({ active }) => active === which)) return;
    setRung((known) => (known.has(which) ? known : new Set(known).add(which)));
  };
  const seenNow = layout.frames.map(({ active }) => active);
  if (seenNow.some((which) => which !== undefined && rung.has(which)))
    setRung(new Set([...rung].filter((which) => !seenNow.includes(which))));

  const nameOfTab = useTabNames(id);
  const tab = tabAt(place);
  const pageTitle = tab === undefined ? project.title : `${nameOfTab(tab)} · ${project.title}`;
  return (
    <>
      {place.kind !== "settings" && <title>{pageTitle}</title>}
      <ProjectHeader project={project} role={role} settings={place.kind === "settings"} />
      <div className={styles.project}>
        {place.kind !== "settings" && <ArchivedNotice project={project} role={role} />}
        <Notices project={project} role={role} />
        {place.kind === "settings" ? (
          <ProjectSettings project={project} role={role} limits={slots.renderLimits()} />
        ) : (
          <Workspace
            projectId={id}
            layout={layout}
            onChange={change}
            narrow={narrow}
            rung={rung}
            inFiles={place.kind === "folder"}
            drawer={drawer}
            onDrawer={setDrawer}
            title={project.title}
            files={slots.renderFiles({ folder, role, onOpen: openPath, onOpenTerminal: openTerminal })}
            renderFrame={(tab, visible) =>
              slots.renderFrame({
                shown: shownBy(tab),
                role,
                visible,
                aim: aims.get(tab),
                onPlaces: (places) => openPlaces(places, tab),
                onBell: () => ring(tab),
                onClose: () => change(close(layout, tab)),
                onMoved: (path) => change(rename(layout, tab, tabOf({ kind: "document", path }))),
              })
            }
          />
        )}
      </div>
    </>
  );
}

/** The tabs of a project; the address adds one and decides which is seen. */
function useLayout(projectId: string, place: Place): [Layout, (layout: Layout) => void] {
  const [layout, setLayout] = useState(() => keptTabs(projectId));
  const [last, setLast] = useState<Tab>();
  const tab = tabAt(place);
  // Only a new address shows its tab: one that is being closed is in the address for a moment longer.
  const shown = tab === undefined || tab === last ? layout : show(layout, tab);
  if (shown !== layout) setLayout(shown);
  if (tab !== last) setLast(tab);
  useEffect(() => keepTabs(projectId, shown), [projectId, shown]);
  return [shown, setLayout];
}

/** The tab that the address means; undefined where it means the files or the settings. */
function tabAt(place: Place): Tab | undefined {
  return place.kind === "document" || place.kind === "terminal" ? tabOf(place) : undefined;
}

/** The folder that the files show: that of the address, else where one looked last. */
function useFolder(place: Place): [string, (folder: string) => void] {
  const [folder, setFolder] = useState(() => (place.kind === "document" ? parentOf(place.path) : ""));
  if (place.kind === "folder" && place.path !== folder) setFolder(place.path);
  return [place.kind === "folder" ? place.path : folder, setFolder];
}

/** Who opens a stopped project wants it to run. Who stops it while it is open does not. */
function useStartOnArrival({ id, state }: Project): void {
  const start = useAction((store) =>
    store.set("projects", { id, action_request: { action: "start" } }, { optimistic: false }),
  );
  const arrived = useRef(false);
  useEffect(() => {
    if (arrived.current) return;
    arrived.current = true;
    if (state.state === "stopped") void start.run(); // what goes wrong stands in the state of the project
  }, [state.state, start]);
}
