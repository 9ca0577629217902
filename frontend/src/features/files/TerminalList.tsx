import { IconDots, IconPencil, IconPlus, IconTerminal2, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { rowsOf } from "../../live/live";
import { useAction, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { FormDialog } from "../../ui/Dialog";
import { TextField } from "../../ui/fields";
import { IconButton } from "../../ui/IconButton";
import { Menu } from "../../ui/Menu";
import { Notice } from "../../ui/Notice";
import styles from "./FilesPanel.module.css";
import { nextTitle } from "./titles";

/** The longest title that the schema takes. */
const MAX_TITLE = 100;

/** How many are listed at once: more are a script's doing, and would make the page slow. */
const MAX_LISTED = 100;

interface Shown {
  id: string;
  title: string;
  ended?: unknown;
}

/** The shells of the project, whoever has opened them. */
export function TerminalList(props: { projectId: string; mayEdit: boolean; onOpen(terminalId: string): void }) {
  const { projectId, mayEdit, onOpen } = props;
  const live = useLive(
    "terminals",
    { project_id: projectId, id: null, title: null, created: null, ended: {} },
    { order_by: "created" },
  );
  const terminals = rowsOf(live);
  const [all, setAll] = useState(false);
  const listed = all ? terminals : terminals.slice(0, MAX_LISTED);
  const [asking, setAsking] = useState<{ act: "rename" | "end"; terminal: Shown }>();
  const make = useAction((store) =>
    store.set("terminals", { id: "new", project_id: projectId, title: nextTitle(terminals.map(({ title }) => title)) }),
  );
  const open = async () => {
    const row = await make.run();
    if (row) onOpen(row.id);
  };
  return (
    <section className={styles.terminals} aria-label="Terminals">
      <div className={styles.heading}>
        <h2>Terminals</h2>
        <Button
          size="small"
          kind="quiet"
          icon={<IconPlus size={16} aria-hidden />}
          busy={make.busy}
          reason={mayEdit ? undefined : "You need to be an editor of the project to open a terminal."}
          onClick={() => void open()}
        >
          New terminal
        </Button>
      </div>
      {make.error && <Notice kind="failed">{make.error.message}</Notice>}
      {terminals.length === 0 ? (
        live.state !== "loading" && (
          <p className={styles.none}>
            {mayEdit ? "None yet. A terminal is a shell that everybody in the project sees." : "None is open."}
          </p>
        )
      ) : (
        <ul className={styles.list}>
          {listed.map((terminal) => (
            <li key={terminal.id}>
              {asking?.act === "rename" && asking.terminal.id === terminal.id ? (
                <RenameTerminal terminal={terminal} onClose={() => setAsking(undefined)} />
              ) : (
                <div className={styles.row}>
                  <button
                    type="button"
                    className={styles.open}
                    onClick={() => onOpen(terminal.id)}
                    onKeyDown={(event) => {
                      if (event.key === "F2" && mayEdit) setAsking({ act: "rename", terminal });
                    }}
                  >
                    <IconTerminal2 size={18} className={styles.icon} aria-hidden />
                    <span className={styles.name}>{terminal.title}</span>
                    {terminal.ended && <span className={styles.ended}>ended</span>}
                  </button>
                  {mayEdit && (
                    <Menu
                      trigger={
                        <IconButton
                          label={`Actions for ${terminal.title}`}
                          icon={<IconDots size={17} />}
                          size="small"
                        />
                      }
                      entries={[
                        {
                          label: "Rename",
                          icon: <IconPencil size={16} />,
                          onSelect: () => setAsking({ act: "rename", terminal }),
                        },
                        {
                          label: "End and remove",
                          icon: <IconX size={16} />,
                          danger: true,
                          onSelect: () => setAsking({ act: "end", terminal }),
                        },
                      ]}
                    />
                  )}
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      {listed.length < terminals.length && (
        <Button size="small" kind="quiet" onClick={() => setAll(true)}>
          Show all {terminals.length} terminals
        </Button>
      )}
      {asking?.act === "end" && <EndTerminal terminal={asking.terminal} onClose={() => setAsking(undefined)} />}
    </section>
  );
}

/** The title of a row while it is changed: Enter keeps it, Escape leaves it. */
function RenameTerminal({ terminal, onClose }: { terminal: Shown; onClose(): void }) {
  const [title, setTitle] = useState(terminal.title);
  const rename = useAction((store) => store.set("terminals", { id: terminal.id, title: title.trim() }));
  const keep = () => {
    if (title.trim() === "" || title.trim() === terminal.title) onClose();
    else void rename.run().then((row) => row && onClose());
  };
  return (
    <TextField
      label={`New title of ${terminal.title}`}
      hideLabel
      value={title}
      onChange={setTitle}
      maxLength={MAX_TITLE}
      autoComplete="off"
      autoFocus
      error={rename.error?.message}
      onKeyDown={(event) => {
        if (event.key === "Enter") keep();
        if (event.key === "Escape") onClose();
      }}
    />
  );
}

function EndTerminal({ terminal, onClose }: { terminal: Shown; onClose(): void }) {
  const end = useAction((store) => store.set("terminals", { id: terminal.id }, { delete: true, optimistic: false }));
  return (
    <FormDialog
      title={`End “${terminal.title}”?`}
      open
      onClose={onClose}
      action="End and remove"
      danger
      busy={end.busy}
      error={end.error?.message}
      onSubmit={() => void end.run().then((row) => row && onClose())}
      size="small"
    >
      <p>Its shell ends for everybody, with all that runs in it.</p>
    </FormDialog>
  );
}
