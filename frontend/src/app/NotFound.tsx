import { Link } from "@tanstack/react-router";
import { IconMapSearch } from "@tabler/icons-react";
import { EmptyState } from "../ui/EmptyState";
import { PlainButton } from "../ui/PlainButton";

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <main>
      <title>Not found</title>
      <EmptyState
        icon={<IconMapSearch size={26} />}
        title="There is nothing at this address"
        action={
          <PlainButton renderRoot={(props) => <Link to="/projects" {...props} />}>Go to your projects</PlainButton>
        }
      >
        It may have been mistyped, or what was here is gone.
      </EmptyState>
    </main>
  );
}
