import type { ReactNode } from "react";
import { rowsOf } from "../../live/live";
import { useAccountId, useLive } from "../../live/react";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Waiting";

/** Shows a page to administrators, and tells others why they do not see it. what: "What the server does". */
export function ForAdministrators({ title, what, children }: { title: string; what: string; children: ReactNode }) {
  const id = useAccountId();
  const account = useLive("accounts", id === undefined ? undefined : { id, administrator: null });
  switch (account.state) {
    case "loading":
      return <Waiting what="your account" />;
    case "failed":
      return <Notice kind="failed">{account.error.message}</Notice>;
    case "stale":
    case "ready":
      if (rowsOf(account)[0]?.administrator) return children;
      return (
        <Page title={title}>
          <Notice kind="info">
            {what} is shown to administrators only. If you need it, ask one of them to make you an administrator.
          </Notice>
        </Page>
      );
  }
}
