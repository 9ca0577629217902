import { rowsOf } from "../../live/live";
import { useAccountId, useLive } from "../../live/react";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Waiting";
import { ApiKeysCard } from "./ApiKeysCard";
import { EditorCard } from "./EditorCard";
import { InvitationsCard } from "./InvitationsCard";
import { PasswordCard } from "./PasswordCard";
import { ProfileCard } from "./ProfileCard";
import { SessionsCard } from "./SessionsCard";
import { SiteCard } from "./SiteCard";
import styles from "./SettingsPage.module.css";

/** Settings of the account and, for administrators, of the site. */
export function SettingsPage() {
  const id = useAccountId();
  const account = useLive(
    "accounts",
    id === undefined ? undefined : { id, name: null, email_address: null, administrator: null, editor_settings: null },
  );
  const body = () => {
    switch (account.state) {
      case "loading":
        return <Waiting what="your settings" />;
      case "failed":
        return <Notice kind="failed">{account.error.message}</Notice>;
      case "stale":
      case "ready": {
        const row = rowsOf(account)[0];
        if (!row) return <Notice kind="failed">Your account is not there any more.</Notice>;
        return (
          <>
            <ProfileCard account={row} />
            <EditorCard account={row} />
            <PasswordCard email={row.email_address} />
            <SessionsCard />
            <ApiKeysCard />
            {row.administrator && (
              <>
                <h2 className={styles.part}>Administration</h2>
                <InvitationsCard />
                <SiteCard />
              </>
            )}
          </>
        );
      }
    }
  };
  return (
    <Page title="Settings">
      <title>Settings · Lyceum</title>
      {body()}
    </Page>
  );
}
