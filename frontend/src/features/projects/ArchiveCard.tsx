import { useState } from "react";
import { useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { FormDialog } from "../../ui/Dialog";
import type { Project } from "../../wire/types.gen";
import { type Role, roleReason } from "./words";

/** Putting a project away, and bringing it back. */
export function ArchiveCard({ project, role }: { project: Project; role: Role }) {
  const archived = project.state.state === "archived";
  const [asking, setAsking] = useState(false);
  const act = useAction(async (store) => {
    await store.set(
      "projects",
      { id: project.id, action_request: { action: archived ? "unarchive" : "archive" } },
      { optimistic: false },
    );
    setAsking(false);
  });
  return (
    <>
      <Card
        title={archived ? "Archived" : "Archive"}
        description={
          archived
            ? "Nothing runs in an archived project, and it is not in the list. Its files are kept."
            : "An archived project is stopped and leaves the list. Its files are kept, and an owner can bring it back."
        }
        action={
          <Button
            reason={role === "owner" ? undefined : roleReason("owner")}
            busy={archived && act.busy}
            onClick={() => (archived ? void act.run() : setAsking(true))}
          >
            {archived ? "Bring back" : "Archive project"}
          </Button>
        }
      />
      <FormDialog
        title="Archive this project?"
        open={asking}
        onClose={() => setAsking(false)}
        action="Archive project"
        busy={act.busy}
        error={act.error?.message}
        onSubmit={() => void act.run()}
        size="small"
      >
        <p>Everything that runs in “{project.title}” is stopped, for all its people. The files stay.</p>
      </FormDialog>
    </>
  );
}
