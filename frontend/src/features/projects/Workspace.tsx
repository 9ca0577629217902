import { IconFiles, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { Group, Panel, Separator, useDefaultLayout } from "react-resizable-panels";
import { Drawer } from "../../ui/Drawer";
import { EmptyState } from "../../ui/EmptyState";
import { IconButton } from "../../ui/IconButton";
import { frameWidths } from "./keptTabs";
import { TabBar } from "./TabBar";
import { type Frame, frameOf, type Layout, type Tab } from "./tabs";
import { useTabNames } from "./useTabNames";
import styles from "./Workspace.module.css";

/** How many tabs stay alive that are not seen: enough to go to and fro, few enough for a small computer. */
const MAX_ALIVE = 8;

export interface WorkspaceProps {
  projectId: string;
  title: string;
  layout: Layout;
  onChange(layout: Layout): void;
  narrow: boolean;
  /** Tabs that want to be looked at. */
  rung: ReadonlySet<Tab>;
  /** The address means the files, not a tab. */
  inFiles: boolean;
  drawer: boolean;
  onDrawer(open: boolean): void;
  files: ReactNode;
  renderFrame(tab: Tab, visible: boolean): ReactNode;
}

/** Files at the left, frames with tabs at the right; on a narrow screen one at a time. */
export function Workspace(props: WorkspaceProps) {
  const { layout, narrow, inFiles, files } = props;
  const [rail, setRail] = useState(true);
  const alive = useAlive(layout);

  const all: Frame = {
    tabs: layout.frames.flatMap((frame) => frame.tabs),
    active: inFiles ? undefined : layout.frames[layout.focused]?.active,
  };
  // One tree for both: what is open stays open when a telephone is turned.
  return (
    <div className={styles.whole}>
      {narrow && (!inFiles || all.tabs.length > 0) && <FrameBar {...props} frame={all} />}
      {narrow && inFiles && (
        <section className={styles.files} aria-label="Files">
          {files}
        </section>
      )}
      <div className={styles.panels} hidden={narrow && inFiles}>
        <Group orientation="horizontal" className={styles.workspace}>
          {rail && !narrow && (
            <>
              <Panel
                id="files"
                defaultSize="270px"
                minSize="220px"
                maxSize="45%"
                groupResizeBehavior="preserve-pixel-size"
              >
                <section className={styles.files} aria-label="Files">
                  {files}
                </section>
              </Panel>
              <Separator className={styles.separator} aria-label="Width of the files" />
            </>
          )}
          <Panel id="frames" minSize="30%">
            <Frames key={layout.frames.length} projectId={props.projectId} count={layout.frames.length}>
              {layout.frames.map((frame, index) => (
                <FramePanel
                  key={index}
                  {...props}
                  frame={frame}
                  index={index}
                  alive={alive}
                  lead={index === 0 && <RailButton open={rail} onChange={setRail} />}
                />
              ))}
            </Frames>
          </Panel>
        </Group>
      </div>
      {narrow && (
        <Drawer title="Files" open={props.drawer} onClose={() => props.onDrawer(false)}>
          {files}
        </Drawer>
      )}
    </div>
  );
}

/** The group of frames: as wide as they were left when there were as many. */
function Frames({ projectId, count, children }: { projectId: string; count: number; children: ReactNode }) {
  const kept = useDefaultLayout({
    id: `lyceum.frames.${projectId}`,
    panelIds: Array.from({ length: count }, (_, index) => `frame-${index}`),
    storage: frameWidths,
  });
  return (
    <Group orientation="horizontal" className={styles.workspace} {...kept}>
      {children}
    </Group>
  );
}

function RailButton({ open, onChange }: { open: boolean; onChange(open: boolean): void }) {
  return (
    <IconButton
      label={open ? "Hide the files" : "Show the files"}
      icon={open ? <IconLayoutSidebarLeftCollapse size={18} /> : <IconLayoutSidebarLeftExpand size={18} />}
      aria-expanded={open}
      onClick={() => onChange(!open)}
    />
  );
}

type FrameProps = WorkspaceProps & { frame: Frame; alive: readonly Tab[]; lead?: ReactNode };

function FramePanel(props: FrameProps & { index: number }) {
  const { index, narrow, layout, inFiles } = props;
  const away = narrow && index !== layout.focused;
  return (
    <>
      {index > 0 && !narrow && <Separator className={styles.separator} aria-label={`Width of frame ${index}`} />}
      <Panel id={`frame-${index}`} minSize="15%" data-away={away || undefined}>
        <FrameView {...props} away={away || (narrow && inFiles)} />
      </Panel>
    </>
  );
}

/** @param props.away it is not seen, but stays as it is */
function FrameView(props: FrameProps & { away: boolean }) {
  const { frame, alive, away } = props;
  const mounted = frame.tabs.filter((tab) => tab === frame.active || alive.includes(tab));
  return (
    <div className={styles.frame}>
      {!props.narrow && <FrameBar {...props} />}
      <div className={styles.body}>
        {mounted.map((tab) => (
          <div key={tab} className={styles.tab} hidden={tab !== frame.active}>
            {props.renderFrame(tab, tab === frame.active && !away)}
          </div>
        ))}
        {frame.tabs.length === 0 && (
          <div className={styles.nothing}>
            <EmptyState icon={<IconFiles size={26} />} title="Nothing is open">
              Choose a file to edit it together, or start a terminal that everybody here can see.
            </EmptyState>
          </div>
        )}
      </div>
    </div>
  );
}

function FrameBar(props: Omit<FrameProps, "alive">) {
  const names = useTabNames(props.projectId);
  return (
    <div className={styles.bar}>
      {props.narrow ? (
        !props.inFiles && (
          <IconButton label="Files" icon={<IconFiles size={18} />} onClick={() => props.onDrawer(true)} />
        )
      ) : (
        <>{props.lead}</>
      )}
      <TabBar
        projectId={props.projectId}
        frame={props.frame}
        layout={props.layout}
        current={props.inFiles ? undefined : props.layout.frames[props.layout.focused]?.active}
        nameOf={names}
        narrow={props.narrow}
        rung={props.rung}
        onChange={props.onChange}
      />
    </div>
  );
}

/** The tabs that were seen last; these stay alive, so that going back finds them as they were. */
function useAlive(layout: Layout): readonly Tab[] {
  const [alive, setAlive] = useState<readonly Tab[]>([]);
  const seenNow = layout.frames.flatMap((frame) => frame.active ?? []);
  const next = [...seenNow, ...alive.filter((tab) => !seenNow.includes(tab) && frameOf(layout, tab) >= 0)];
  const bounded = next.slice(0, Math.max(MAX_ALIVE, seenNow.length));
  if (bounded.join("\n") !== alive.join("\n")) setAlive(bounded);
  return bounded;
}
