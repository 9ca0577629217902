import { IconServer2 } from "@tabler/icons-react";
import { useLocation } from "@tanstack/react-router";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { siteLink } from "../../ui/siteLink";
import type { Home } from "./useHome";

/** Instead of a project whose files another server has: where it is, and the way there. */
export function Elsewhere({ title, home }: { title: string; home: Home }) {
  const { href } = useLocation(); // without the path below which this server serves
  return (
    <>
      <title>{title}</title>
      <EmptyState
        icon={<IconServer2 size={26} />}
        title={`This project is on the server ${home.name}`}
        action={
          <Button kind="primary" renderRoot={siteLink(placeAt(home.address, href))}>
            Open it there
          </Button>
        }
      >
        Its files, terminals and documents are at {home.address}. You may have to sign in there, with the same account.
      </EmptyState>
    </>
  );
}

/** The same place at another server; only addresses that a browser opens as a page are followed. */
function placeAt(address: string, href: string): string | undefined {
  return /^https?:\/\//.test(address) ? address.replace(/\/+$/, "") + href : undefined;
}
