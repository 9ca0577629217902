import { useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { fail } from "../../ui/toast";
import type { Project, WireError } from "../../wire/types.gen";
import { type Role, roleReason } from "./words";

/** Above an archived project: why nothing runs, and the way back. */
export function ArchivedNotice({ project, role }: { project: Project; role: Role }) {
  const back = useAction((store) =>
    store.set("projects", { id: project.id, action_request: { action: "unarchive" } }).catch((error: WireError) => {
      fail(error.message);
    }),
  );
  if (project.state.state !== "archived") return null;
  return (
    <Notice
      kind="info"
      bar
      action={
        <Button
          size="small"
          busy={back.busy}
          reason={role === "owner" ? undefined : roleReason("owner")}
          onClick={() => void back.run()}
        >
          Bring back
        </Button>
      }
    >
      This project is archived: its files are kept, and nothing runs.
    </Notice>
  );
}
