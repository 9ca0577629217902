import { Link } from "@tanstack/react-router";
import { IconMapSearch } from "@tabler/icons-react";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";

/** An address that leads nowhere. */
export function NotFound() {
  return (
    <main>
      <title>Not found</title>
      <EmptyState
        icon={<IconMapSearch size={26} />}
        title="There is nothing at this address"
        action={<Button renderRoot={(props) => <Link to="/projects" {...props} />}>Go to your projects</Button>}
      >
        It may have been mistyped, or what was here is gone.
      </EmptyState>
    </main>
  );
}
