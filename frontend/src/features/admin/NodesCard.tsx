import { useLive } from "../../live/react";
import { rowsOf } from "../../live/live";
import { Card } from "../../ui/Card";
import { Notice } from "../../ui/Notice";
import { Tag } from "../../ui/Tag";
import type { DatabaseNode } from "../../wire/types.gen";
import { some, upFor } from "./figures";
import styles from "./NodesCard.module.css";

const shape = {
  name: null,
  up: null,
  time: null,
  host: null,
  version: null,
  started: null,
  tables: null,
} as const;

/** The nodes of the database, where it is a cluster; nothing where it is a file. */
export function NodesCard({ refused }: { refused: number }) {
  const nodes = useLive("database_nodes", shape, { order_by: "name" });
  if (nodes.state === "failed") {
    return (
      <Card title="Database">
        <Notice kind="failed">{nodes.error.message}</Notice>
      </Card>
    );
  }
  const rows = rowsOf(nodes);
  if (rows.length === 0) return null;
  const away = rows.filter((node) => !node.up).length;
  return (
    <Card title="Database" description={`A cluster of ${some(rows.length, "node")}, asked every ten seconds.`}>
      {refused > 0 && (
        <Notice kind="failed">
          {some(refused, "table")} cannot be written, because too many nodes are away. Start them again; it then goes on
          by itself. If they are lost, “lyceum database replace” says what can be done.
        </Notice>
      )}
      {refused === 0 && away > 0 && (
        <Notice kind="warn">
          {some(away, "node is", "nodes are")} away. Everything goes on, but with fewer copies: start{" "}
          {away === 1 ? "it" : "them"} again, or replace {away === 1 ? "it" : "them"} with “lyceum database replace”.
        </Notice>
      )}
      <ul className={styles.nodes} aria-label="Nodes of the database">
        {rows.map((node) => (
          <li key={node.name} className={styles.node}>
            <span className={styles.name}>{node.name}</span>
            <Tag tone={node.up ? "ok" : "danger"}>{node.up ? "Up" : "Away"}</Tag>
            <span className={styles.detail}>{details(node)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What is known of a node, beside whether it is there. */
function details(node: DatabaseNode): string {
  return [
    node.host !== undefined && node.host !== node.name && node.host,
    node.version !== undefined && `RethinkDB ${node.version}`,
    node.up && node.started !== undefined && `up for ${upFor(node.time - node.started)}`,
    node.tables > 0 && (node.up ? some(node.tables, "table") : `should have ${some(node.tables, "table")}`),
  ]
    .filter(Boolean)
    .join(", ");
}
