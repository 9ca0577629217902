import { useState } from "react";
import { join, nameProblem } from "../../lib/paths";
import { useAction } from "../../live/react";
import { FormDialog } from "../../ui/Dialog";
import { TextField } from "../../ui/fields";
import { tell } from "../../ui/toast";
import type { Kind } from "./listing";

/** What a dialog is open for. */
export type Asking =
  | { act: "create_file" | "create_directory"; folder: string }
  | { act: "rename" | "delete"; folder: string; name: string; kind: Kind };

export interface EntryDialogProps {
  projectId: string;
  asking: Asking;
  onClose(): void;
  /** Something new is there. */
  onMade(name: string, kind: "file" | "directory"): void;
}

/** Asks for what an act on files needs, and does it through the table `file_actions`. */
export function EntryDialog({ projectId, asking, onClose, onMade }: EntryDialogProps) {
  const before = "name" in asking ? asking.name : "";
  const [name, setName] = useState(before);
  const [touched, setTouched] = useState(false);
  const action = useAction((store, path: string, to?: string) =>
    store.set(
      "file_actions",
      { id: "new", project_id: projectId, action: asking.act, path, ...(to === undefined ? {} : { to }) },
      { optimistic: false },
    ),
  );
  const { folder, act } = asking;
  const problem = act === "delete" ? undefined : nameProblem(name);
  const submit = async () => {
    setTouched(true);
    if (problem !== undefined) return;
    const path = join(folder, act === "rename" || act === "delete" ? before : name);
    const done = await action.run(path, act === "rename" ? join(folder, name) : undefined);
    if (!done) return;
    onClose();
    if (act === "delete") tell(`“${before}” is deleted.`);
    if (act === "create_file") onMade(name, "file");
    if (act === "create_directory") onMade(name, "directory");
  };
  const words = wordsOf(asking);
  return (
    <FormDialog
      title={words.title}
      open
      onClose={onClose}
      action={words.action}
      danger={act === "delete"}
      busy={action.busy}
      disabled={act === "rename" && name === before}
      error={action.error?.message}
      onSubmit={() => void submit()}
      size="small"
    >
      {act === "delete" ? (
        <p>
          {asking.kind === "directory"
            ? "The folder goes with everything in it. This cannot be undone."
            : "This cannot be undone."}
        </p>
      ) : (
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          onBlur={() => setTouched(name !== before)}
          error={touched ? problem : undefined}
          autoComplete="off"
          autoFocus
        />
      )}
    </FormDialog>
  );
}

function wordsOf(asking: Asking): { title: string; action: string } {
  switch (asking.act) {
    case "create_file":
      return { title: "New file", action: "Create file" };
    case "create_directory":
      return { title: "New folder", action: "Create folder" };
    case "rename":
      return { title: `Rename “${asking.name}”`, action: "Rename" };
    case "delete":
      return { title: `Delete “${asking.name}”?`, action: "Delete" };
  }
}
