import { Link } from "@tanstack/react-router";
import { IconAdjustments } from "@tabler/icons-react";
import { useState } from "react";
import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Waiting";
import type { ServerStats } from "../../wire/types.gen";
import { some, upFor } from "./figures";
import { Figures } from "./Figures";
import { ForAdministrators } from "./ForAdministrators";
import { remember } from "./history";
import { NodesCard } from "./NodesCard";
import { SlowQueriesCard } from "./SlowQueriesCard";
import { TablesCard } from "./TablesCard";

/** What the server does right now, for administrators. */
export function ServerPage() {
  return (
    <>
      <title>Server · Lyceum</title>
      <ForAdministrators title="Server" what="What the server does">
        <Dashboard />
      </ForAdministrators>
    </>
  );
}

const shape = {
  id: null,
  time: null,
  window_ms: null,
  started: null,
  version: null,
  connections: null,
  subscriptions: null,
  shared_queries: null,
  changes_per_second: null,
  delivered_per_second: null,
  fan_out_p50_ms: null,
  fan_out_p99_ms: null,
  commits_per_second: null,
  writes_per_commit: null,
  commit_p50_ms: null,
  commit_p99_ms: null,
  commits_failed: null,
  wal_bytes: null,
  requests_per_second: null,
  sent_per_second: null,
  received_per_second: null,
  cpu: null,
  processors: null,
  memory: null,
  heap: null,
  goroutines: null,
  tables_refused: null,
  open_files: null,
  disk_free: null,
  disk_size: null,
  disk_full: null,
} as const;

function Dashboard() {
  const server = useLive("server_stats", shape);
  const now = rowsOf(server)[0];
  const [history, setHistory] = useState<ServerStats[]>([]);
  if (now && now.time !== history.at(-1)?.time) setHistory(remember(history, now));
  if (server.state === "failed") {
    return (
      <Page title="Server">
        <Notice kind="failed">{server.error.message}</Notice>
      </Page>
    );
  }
  return (
    <Page
      title="Server"
      width="full"
      description={now && <Since stats={now} />}
      action={
        <Button icon={<IconAdjustments size={16} />} renderRoot={(props) => <Link to="/server/limits" {...props} />}>
          Limits of projects
        </Button>
      }
    >
      {server.state === "stale" && <Notice kind="warn">There is no connection: this is how it was.</Notice>}
      {now ? <Figures stats={now} history={history} /> : <Waiting what="the first figures" />}
      {now && <NodesCard refused={now.tables_refused} />}
      <TablesCard />
      <SlowQueriesCard />
    </Page>
  );
}

function Since({ stats }: { stats: ServerStats }) {
  const seconds = Math.round(stats.window_ms / 1000);
  return (
    <>
      Version {stats.version}, up for {upFor(stats.time - stats.started)}.{" "}
      {seconds > 0
        ? `Rates and times are of the last ${some(seconds, "second")}.`
        : "Rates and times come in a moment."}
    </>
  );
}
