import { Link } from "@tanstack/react-router";
import { IconDatabase } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { rowsOf } from "../../live/live";
import { useAccountId, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import styles from "./DataPage.module.css";

const Console = lazy(() => import("./Console").then((m) => ({ default: m.Console })));

/** The tables, to ask by hand: for administrators, and for those whose scripts ask them, too. */
export function DataPage() {
  const id = useAccountId();
  const account = useLive("accounts", id === undefined ? undefined : { id, administrator: null });
  const keys = useLive("api_keys", id === undefined ? undefined : { id: null });
  const administrator = rowsOf(account)[0]?.administrator ?? false;
  const body = () => {
    if (id === undefined || account.state === "loading" || keys.state === "loading") {
      return <Waiting what="what you may ask" />;
    }
    if (administrator || rowsOf(keys).length > 0) {
      return (
        <Suspense fallback={<Waiting what="the editor" />}>
          <Console key={id} accountId={id} administrator={administrator} />
        </Suspense>
      );
    }
    const failed = [account, keys].find((live) => live.state === "failed");
    if (failed?.state === "failed") return <Notice kind="failed">{failed.error.message}</Notice>;
    return <NoKey />;
  };
  return (
    <div className={styles.page}>
      <title>Data · Lyceum</title>
      {body()}
    </div>
  );
}

/** For those who have nothing that asks tables: what this is, and the way to it. */
function NoKey() {
  return (
    <div className={styles.door}>
      <h1 className={styles.title}>Data</h1>
      <EmptyState
        icon={<IconDatabase size={40} stroke={1.4} />}
        title="This page is for people who write scripts"
        action={
          <Button kind="primary" renderRoot={(props) => <Link to="/settings" {...props} />}>
            Open the settings
          </Button>
        }
      >
        Scripts read and change projects, files and people by queries, with an API key. Here such queries are tried out,
        and their answers change as the data does. Make an API key in the settings; then this page opens for you and
        shows what your account may see.
      </EmptyState>
    </div>
  );
}
