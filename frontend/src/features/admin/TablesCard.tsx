import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useState } from "react";
import { useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import type { TableStats } from "../../wire/types.gen";
import { count, duration, rate, some } from "./figures";
import styles from "./ServerPage.module.css";
import { chosen, sorted, type Sorting } from "./sorting";

const shape = {
  name: null,
  subscriptions: null,
  shared_queries: null,
  changes_per_second: null,
  delivered_per_second: null,
  fan_out_p50_ms: null,
  fan_out_p99_ms: null,
  new_starts: null,
  gets: null,
  sets: null,
  get_p99_ms: null,
  set_p99_ms: null,
  errors: null,
  slow: null,
} as const;

type Column = keyof typeof shape;

/** What is shown of each table: its heading, what that is of for those who do not see its neighbour, and how it is written. */
const COLUMNS: readonly { by: Column; title: string; of?: string; write(row: TableStats): string }[] = [
  { by: "name", title: "Table", write: (row) => row.name },
  { by: "subscriptions", title: "Watches", write: (row) => count(row.subscriptions) },
  { by: "shared_queries", title: "Different", write: (row) => count(row.shared_queries) },
  { by: "changes_per_second", title: "Changes/s", write: (row) => rate(row.changes_per_second) },
  { by: "delivered_per_second", title: "Told/s", write: (row) => rate(row.delivered_per_second) },
  { by: "fan_out_p50_ms", title: "Half told in", write: (row) => duration(row.fan_out_p50_ms) },
  { by: "fan_out_p99_ms", title: "99 % in", of: "told", write: (row) => duration(row.fan_out_p99_ms) },
  { by: "gets", title: "Gets", write: (row) => count(row.gets) },
  { by: "get_p99_ms", title: "99 % in", of: "gets", write: (row) => duration(row.get_p99_ms) },
  { by: "sets", title: "Sets", write: (row) => count(row.sets) },
  { by: "set_p99_ms", title: "99 % in", of: "sets", write: (row) => duration(row.set_p99_ms) },
  { by: "new_starts", title: "Starts", write: (row) => count(row.new_starts) },
  { by: "errors", title: "Refused", write: (row) => count(row.errors) },
  { by: "slow", title: "Slow", write: (row) => count(row.slow) },
];

/** Whether anything was asked of a table, or is. */
function busy(row: TableStats): boolean {
  return row.subscriptions + row.new_starts + row.gets + row.sets + row.errors + (row.changes_per_second ?? 0) > 0;
}

/** What is asked of each table. */
export function TablesCard() {
  const tables = useLive("table_stats", shape);
  const body = () => {
    switch (tables.state) {
      case "loading":
        return <Waiting what="the tables" />;
      case "failed":
        return <Notice kind="failed">{tables.error.message}</Notice>;
      case "stale":
      case "ready":
        return tables.rows.length === 0 ? <Waiting what="the first figures" /> : <Tables rows={tables.rows} />;
    }
  };
  return (
    <Card
      title="Tables"
      description="Gets, sets, starts (answers that replace all rows of a watch), refused and slow ones are counted since the server was started; times are of the last minute."
    >
      {body()}
    </Card>
  );
}

function Tables({ rows }: { rows: readonly TableStats[] }) {
  const [sorting, setSorting] = useState<Sorting<Column>>({ by: "subscriptions", descending: true });
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.filter(busy);
  const quiet = rows.length - shown.length;
  const Arrow = sorting.descending ? IconArrowDown : IconArrowUp;
  return (
    <>
      <div className={styles.scroll}>
        <table className={styles.table} aria-label="Figures of each table">
          <thead>
            <tr>
              {COLUMNS.map(({ by, title, of }) => (
                <th
                  key={by}
                  scope="col"
                  aria-sort={sorting.by !== by ? undefined : sorting.descending ? "descending" : "ascending"}
                >
                  <button
                    type="button"
                    aria-label={of && `${title}, ${of}`}
                    onClick={() => setSorting(chosen(sorting, by, by === "name"))}
                  >
                    {title}
                    {sorting.by === by && <Arrow size={14} aria-hidden />}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted(shown, (row) => row[sorting.by], sorting.descending).map((row) => (
              <tr key={row.name}>
                {COLUMNS.map(({ by, write }) =>
                  by === "name" ? (
                    <th key={by} scope="row">
                      {write(row)}
                    </th>
                  ) : (
                    <td key={by} data-nothing={["0", "–"].includes(write(row)) || undefined}>
                      {write(row)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(all || quiet > 0) && (
        <div>
          <Button size="small" onClick={() => setAll(!all)}>
            {all ? "Show busy tables only" : `Show ${some(quiet, "quiet table")} too`}
          </Button>
        </div>
      )}
    </>
  );
}
