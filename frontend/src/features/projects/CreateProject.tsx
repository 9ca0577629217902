import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAction } from "../../live/react";
import { FormDialog } from "../../ui/Dialog";
import { TextArea, TextField } from "../../ui/fields";

/** A dialog that makes a project and opens it. */
export function CreateProject({ open, onClose }: { open: boolean; onClose(): void }) {
  const navigate = useNavigate();
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const create = useAction(async (store) => {
    const project = await store.set("projects", { id: "new", title: title.trim(), description: description.trim() });
    onClose();
    setTitle("");
    setDescription("");
    await navigate({ to: "/projects/$projectId/files/$", params: { projectId: project.id, _splat: "" } });
  });
  return (
    <FormDialog
      title="New project"
      open={open}
      onClose={onClose}
      action="Create project"
      busy={create.busy}
      disabled={title.trim() === ""}
      error={create.error?.message}
      onSubmit={() => void create.run()}
    >
      <TextField label="Title" autoFocus required maxLength={200} value={title} onChange={setTitle} />
      <TextArea
        label="Description"
        description="What it is about; you can leave it empty."
        maxLength={2000}
        value={description}
        onChange={setDescription}
      />
    </FormDialog>
  );
}
