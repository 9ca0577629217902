import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { idOf } from "../../live/fold";
import { copyText } from "../../ui/copyText";
import { fail, tell } from "../../ui/toast";
import { SCHEMA } from "../../wire/schema.gen";
import type { Row, Value } from "../../wire/types.gen";
import styles from "./Answer.module.css";
import { type CellKind, cellOf, type Column, columnsOf } from "./columns";
import { askedFields } from "./query";
import type { Answered, Job } from "./run";
import { tableNamed } from "./tables";

/** From so many rows on only those near the visible ones are drawn. */
const MANY = 100;

/** The height of a row, as in the style sheet. */
const ROW_PX = 34;

export interface RowTableProps {
  answer: Answered;
  job: Job;
  /** Which query of the job this answers. */
  index: number;
  fresh: ReadonlyMap<string, ReadonlySet<string>> | undefined;
}

/** Rows one below the other, a column for each field that was asked for. */
export function RowTable({ answer, job, index, fresh }: RowTableProps) {
  const { table, key, rows } = answer;
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useMemo(
    () => columnsOf(tableNamed(SCHEMA, table), key, askedFields(job.query, index), rows),
    [table, key, job, index, rows],
  );
  // oxlint-disable-next-line react/incompatible-library -- there is no compiler that would have to understand it
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    enabled: rows.length > MANY,
  });
  const items = rows.length > MANY ? virtual.getVirtualItems() : undefined;
  const shown = items?.map((item) => item.index) ?? rows.map((_, at) => at);
  const above = items?.[0]?.start ?? 0;
  const below = items ? virtual.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard
    <div ref={scroller} className={styles.scroll} tabIndex={0} role="region" aria-label={`Rows of ${table}`}>
      <table className={styles.table} style={{ minWidth: `${width}ch` }} aria-rowcount={rows.length + 1}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.name} style={{ width: `${column.width}ch` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column.name} scope="col">
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden style={{ height: above }} />}
          {shown.map((at) => {
            const row = rows[at];
            const id = row ? idOf(row, key) : "";
            return row && <Line key={id} row={row} at={at} columns={columns} fresh={fresh?.get(id)} />;
          })}
          {below > 0 && <tr aria-hidden style={{ height: below }} />}
        </tbody>
      </table>
    </div>
  );
}

function Line(props: { row: Row; at: number; columns: readonly Column[]; fresh: ReadonlySet<string> | undefined }) {
  const { row, at, columns, fresh } = props;
  return (
    <tr aria-rowindex={at + 2}>
      {columns.map(({ name, kind }) => (
        <td key={name} data-kind={kind} data-fresh={fresh?.has(name) || undefined}>
          <Shown value={row[name]} kind={kind} name={name} />
        </td>
      ))}
    </tr>
  );
}

function Shown({ value, kind, name }: { value: Value | undefined; kind: CellKind; name: string }) {
  const cell = cellOf(value, kind);
  if (!cell) return <span className={styles.missing}>–</span>;
  const { text, title, copy } = cell;
  if (copy === undefined) return <span title={title}>{text}</span>;
  return (
    <button type="button" className={styles.id} title={`Copy ${copy}`} onClick={() => void copied(copy, name)}>
      {text}
    </button>
  );
}

async function copied(text: string, name: string): Promise<void> {
  if (await copyText(text)) tell(`${name} ${text} is on the clipboard.`);
  else fail("This browser does not let pages use the clipboard.");
}
