import { IconAccessible, IconSearch } from "@tabler/icons-react";
import { useEffect, useId, useRef, useState } from "react";
import type { Place } from "../../lib/place";
import { rowsOf } from "../../live/live";
import { useConnection, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import { Notice } from "../../ui/Notice";
import { Tag } from "../../ui/Tag";
import { useCoarse } from "../../ui/useCoarse";
import type { Member } from "../../wire/types.gen";
import type { TerminalState } from "./attach";
import { useColours } from "./colours";
import { FindBar } from "./FindBar";
import { PasteQuestion } from "./PasteQuestion";
import { exitWords } from "./protocol";
import styles from "./TerminalFrame.module.css";
import { TerminalMenu } from "./TerminalMenu";
import { sentBy, type TouchKey } from "./missingKeys";
import { TouchKeys } from "./TouchKeys";
import { type Upload, useDropUpload } from "./useDropUpload";
import { useHeldCtrl } from "./useHeldCtrl";
import { type ShownTerminal, useTerminal } from "./useTerminal";

export interface TerminalFrameProps {
  projectId: string;
  terminalId: string;
  role: Member["role"];
  /** False while another tab covers it: it stays, and keeps its size. */
  visible?: boolean;
  /** Opens places of the project; without it there are no links to files. */
  onPlaces?(places: readonly Place[]): void;
  onBell?(): void;
  /** Sends files that are dropped here; without it none are taken. */
  upload?: Upload;
}

/** A shell of the project, seen and typed in by all who may. It fills its container. */
export function TerminalFrame(props: TerminalFrameProps) {
  const { projectId, terminalId, role, visible = true } = props;
  const rows = rowsOf(useLive("terminals", { id: terminalId, project_id: projectId, title: null }));
  const title = rows[0]?.title ?? "Terminal";
  const [screenReader, setScreenReader] = useState(false);
  const [finding, setFinding] = useState(false);
  const [asking, setAsking] = useState<{ text: string; lines: number }>();
  const leaveTo = useRef<HTMLButtonElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const hintId = useId();
  const ctrl = useHeldCtrl();
  const coarse = useCoarse();
  const terminal = useTerminal(host, {
    projectId,
    terminalId,
    title,
    screenReader,
    visible,
    onFind: () => setFinding(true),
    onAsk: (text, lines) => setAsking({ text, lines }),
    onPlaces: (places) => props.onPlaces?.(places),
    onBell: () => props.onBell?.(),
    alter: ctrl.alter,
    onLeave: () => leaveTo.current?.focus(),
  });
  useReconnection(projectId, terminal);
  const { colours } = useColours();
  const drop = useDropUpload(terminal, role === "viewer" ? undefined : props.upload);
  const { state } = terminal;
  const press = (key: TouchKey) => {
    const held = ctrl.held;
    ctrl.hold(false);
    terminal.type((modes) => sentBy(key, held, modes.applicationCursorKeysMode));
  };
  const foreign = foreignSize(state);

  return (
    <section className={styles.frame} aria-label={title}>
      <div className={styles.bar}>
        <div className={styles.status} role="status" aria-label={`State of ${title}`}>
          <LinkTag state={state} />
        </div>
        <span id={hintId} className={styles.hint}>
          Ctrl+F6 leaves the terminal
        </span>
        <IconButton
          ref={leaveTo}
          label="Find in the terminal"
          icon={<IconSearch size={17} />}
          size="small"
          pressed={finding}
          onClick={() => setFinding(!finding)}
        />
        <IconButton
          label="Screen reader mode"
          icon={<IconAccessible size={18} />}
          size="small"
          pressed={screenReader}
          onClick={() => setScreenReader(!screenReader)}
        />
        <TerminalMenu terminal={terminal} onAsk={(text, lines) => setAsking({ text, lines })} />
      </div>
      {finding && (
        <FindBar
          matches={terminal.matches}
          onFind={terminal.find}
          onClose={() => {
            setFinding(false);
            terminal.stopFinding();
            terminal.focus();
          }}
        />
      )}
      <TerminalNotices state={state} viewer={role === "viewer"} onRestart={terminal.restart} />
      {drop.sending > 0 && (
        <Notice kind="info" bar>
          {drop.sending === 1 ? "A file is" : `${drop.sending} files are`} on the way into the shell’s folder. The files
          beside show how far, and can break it off.
        </Notice>
      )}
      <div
        className={styles.stage}
        data-foreign={foreign !== undefined || undefined}
        data-over={drop.over || undefined}
        data-colours={colours}
        {...drop.handlers}
      >
        <div ref={host} className={styles.screen} data-terminal={terminalId} aria-describedby={hintId} />
        {foreign !== undefined && foreign.by !== "" && (
          <p className={styles.size}>
            {foreign.cols} × {foreign.rows} is the size of {foreign.by}’s window. {state.write && "Type to use yours."}
          </p>
        )}
        {drop.over && <p className={styles.drop}>Drop files to put them into the shell’s folder.</p>}
      </div>
      {coarse && state.write && <TouchKeys title={title} ctrl={ctrl.held} onCtrl={ctrl.hold} onKey={press} />}
      {asking && (
        <PasteQuestion
          {...asking}
          onClose={() => {
            setAsking(undefined);
            terminal.focus();
          }}
          onPaste={() => {
            setAsking(undefined);
            terminal.paste(asking.text);
          }}
        />
      )}
    </section>
  );
}

/** The size of another's window, where it is not that of ours (T7). */
function foreignSize({ size, room }: TerminalState): TerminalState["size"] {
  return size?.you || (size?.cols === room?.cols && size?.rows === room?.rows) ? undefined : size;
}

function LinkTag({ state }: { state: TerminalState }) {
  if (state.link === "open" && state.exit) return <Tag tone="neutral">Ended</Tag>;
  switch (state.link) {
    case "connecting":
      return <Tag busy>Connecting…</Tag>;
    case "open":
      return <Tag tone="ok">{state.write ? "Connected" : "Looking on"}</Tag>;
    case "offline":
      return <Tag tone="warn">Offline</Tag>;
    case "ended":
      return <Tag tone="danger">Closed</Tag>;
  }
}

function TerminalNotices(props: { state: TerminalState; viewer: boolean; onRestart(): void }) {
  const { state, viewer, onRestart } = props;
  if (state.link === "ended")
    return (
      <Notice kind="failed" bar>
        {state.message}
      </Notice>
    );
  return (
    <>
      {state.link === "offline" && (
        <Notice kind="warn" bar>
          {state.message ?? "Offline. The shell goes on."}{" "}
          {state.keysLost
            ? "What you typed was not sent, and will not be sent later."
            : "What you type now is not sent."}
        </Notice>
      )}
      {state.link !== "offline" && state.message !== undefined && (
        <Notice kind="failed" bar>
          {state.message}
        </Notice>
      )}
      {viewer && state.link === "open" && (
        <Notice kind="info" bar>
          You may look on. To type you need to be an editor of the project.
        </Notice>
      )}
      {state.exit && state.link === "open" && (
        <Notice
          kind="info"
          bar
          action={
            state.write ? (
              <Button size="small" onClick={onRestart}>
                Start another
              </Button>
            ) : undefined
          }
        >
          {exitWords(state.exit)} {state.write && "Press Enter to start another."}
        </Notice>
      )}
    </>
  );
}

/**
 * Opens the line anew when there is reason to believe that it works again: the
 * tables have been offline and are back, or the project runs.
 */
function useReconnection(projectId: string, { reconnect }: ShownTerminal): void {
  const project = rowsOf(useLive("projects", { id: projectId, state: {} }))[0];
  const stopped = project !== undefined && project.state.state !== "running";
  const offline = useConnection().state !== "open";
  const doubt = useRef(false);
  useEffect(() => {
    if (stopped || offline) doubt.current = true;
    else if (doubt.current && project) {
      doubt.current = false;
      reconnect();
    }
  }, [stopped, offline, project, reconnect]);
}
