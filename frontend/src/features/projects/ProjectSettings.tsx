import { type ReactNode, useState } from "react";
import { useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { TextArea, TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { tell } from "../../ui/toast";
import type { Project } from "../../wire/types.gen";
import { ArchiveCard } from "./ArchiveCard";
import { PeopleCard } from "./PeopleCard";
import { ResourcesCard } from "./ResourcesCard";
import { RunCard } from "./RunCard";
import { mayEdit, type Role, roleReason } from "./words";

/** What a project is called, who is in it, and whether it runs. */
export function ProjectSettings(props: { project: Project; role: Role; limits: ReactNode }) {
  const { project, role, limits } = props;
  return (
    <Page title="Project settings" description={project.title}>
      <title>{`Settings · ${project.title}`}</title>
      <AboutCard project={project} role={role} />
      <PeopleCard project={project} role={role} />
      <RunCard project={project} />
      <ResourcesCard projectId={project.id} networkNote={project.network_note} />
      {limits}
      <ArchiveCard project={project} role={role} />
    </Page>
  );
}

function AboutCard({ project, role }: { project: Project; role: Role }) {
  // Only what was typed here; what is not typed shows what others make of it meanwhile.
  const [draft, setDraft] = useState<{ title?: string; description?: string }>({});
  const { title, description } = { title: project.title, description: project.description, ...draft };
  const save = useAction(async (store) => {
    await store.set("projects", { id: project.id, ...draft });
    setDraft({});
    tell("The project has been saved.");
  });
  const changed = title !== project.title || description !== project.description;
  const reason = mayEdit(role) ? undefined : roleReason("editor");
  return (
    <Card title="About" description={reason}>
      <form
        style={{ display: "contents" }}
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        {save.error && <Notice kind="failed">{save.error.message}</Notice>}
        <TextField
          label="Title"
          required
          maxLength={200}
          disabled={reason !== undefined}
          value={title}
          onChange={(title) => setDraft({ ...draft, title })}
        />
        <TextArea
          label="Description"
          maxLength={2000}
          disabled={reason !== undefined}
          value={description}
          onChange={(description) => setDraft({ ...draft, description })}
        />
        <div>
          <Button
            type="submit"
            kind="primary"
            busy={save.busy}
            disabled={reason === undefined && (!changed || title.trim() === "")}
            reason={reason}
          >
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}
