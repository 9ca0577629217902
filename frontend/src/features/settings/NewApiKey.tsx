import { useState } from "react";
import { useAction } from "../../live/react";
import { FormDialog } from "../../ui/Dialog";
import { Select, Switch, TextField } from "../../ui/fields";
import type { ApiKey, Project } from "../../wire/types.gen";
import { endOf, type Life, LIVES } from "./apiKeys";

export interface NewApiKeyProps {
  open: boolean;
  projects: readonly Pick<Project, "id" | "title">[];
  onClose(): void;
  onCreated(secret: string): void;
}

/** Asks what a new key may. The narrowest choices stand first: whoever wants more says so. */
export function NewApiKey({ open, projects, onClose, onCreated }: NewApiKeyProps) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<ApiKey["scope"]>("project");
  const [chosen, setChosen] = useState<string>();
  const [writes, setWrites] = useState(false);
  const [life, setLife] = useState<Life>("90");
  const project = chosen ?? projects[0]?.id;
  const create = useAction(async (store) => {
    const expires = endOf(life, Date.now());
    const row = {
      id: "new",
      name: name.trim(),
      scope,
      read_only: !writes,
      ...(scope === "project" && { project_id: project }),
      ...(expires !== undefined && { expires }),
    };
    const { key } = await store.set("api_keys", row, { optimistic: false });
    setName("");
    setWrites(false);
    if (key !== undefined) onCreated(key);
  });
  return (
    <FormDialog
      title="New API key"
      open={open}
      onClose={onClose}
      action="Create key"
      busy={create.busy}
      disabled={name.trim() === "" || (scope === "project" && project === undefined)}
      error={create.error?.message}
      onSubmit={() => void create.run()}
    >
      <TextField
        label="Name"
        description="What the key is for, so that you know it again."
        autoFocus
        maxLength={100}
        value={name}
        onChange={setName}
      />
      <Select
        label="What it reaches"
        value={scope}
        onChange={setScope}
        options={[
          { value: "project", label: "One project, and nothing else" },
          { value: "all", label: "All my projects and my account" },
        ]}
      />
      {scope === "project" && (
        <Select
          label="Project"
          value={project ?? ""}
          error={project === undefined ? "You are in no project yet." : undefined}
          onChange={setChosen}
          options={projects.map(({ id, title }) => ({ value: id, label: title }))}
        />
      )}
      <Switch
        label="It may also write"
        description="Without it, the key can only read."
        checked={writes}
        onChange={setWrites}
      />
      <Select label="It is valid for" value={life} onChange={setLife} options={LIVES} />
    </FormDialog>
  );
}
