import { IconPlugConnectedX } from "@tabler/icons-react";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";

/** What is shown of a page that cannot be shown. */
export function Broken({ error, onRetry }: { error: unknown; onRetry(): void }) {
  return (
    <div role="alert">
      <EmptyState
        icon={<IconPlugConnectedX size={26} />}
        title="This part of the page has stopped working"
        action={
          <div style={{ display: "flex", gap: 8 }}>
            <Button kind="primary" onClick={() => location.reload()}>
              Reload the page
            </Button>
            <Button onClick={onRetry}>Try again</Button>
          </div>
        }
      >
        What the server has is safe. If Lyceum was just updated, reloading helps.{" "}
        {error instanceof Error && `(${error.message})`}
      </EmptyState>
    </div>
  );
}
