import { IconPlugConnectedX } from "@tabler/icons-react";
import { EmptyState } from "../ui/EmptyState";
import { PlainButton } from "../ui/PlainButton";

/** What is shown of a page that cannot be shown. */
export function Broken({ error, onRetry }: { error: unknown; onRetry(): void }) {
  return (
    <div role="alert">
      <EmptyState
        icon={<IconPlugConnectedX size={26} />}
        title="This part of the page has stopped working"
        action={
          <div style={{ display: "flex", gap: 8 }}>
            <PlainButton primary onClick={() => location.reload()}>
              Reload the page
            </PlainButton>
            <PlainButton onClick={onRetry}>Try again</PlainButton>
          </div>
        }
      >
        What the server has is safe. If Lyceum was just updated, reloading helps.{" "}
        {error instanceof Error && `(${error.message})`}
      </EmptyState>
    </div>
  );
}
