import type { ReactNode } from "react";
import { formatSize } from "../../lib/sizes";
import { Notice } from "../../ui/Notice";
import { Sparkline } from "../../ui/Sparkline";
import type { ServerStats } from "../../wire/types.gen";
import { count, duration, percent, rate, some } from "./figures";
import styles from "./ServerPage.module.css";

/** Below this part of the disk somebody should make room: an hour's work of a class fits in less. */
const LITTLE_ROOM = 0.1;

/** The figures of the whole server, and how some of them went lately. */
export function Figures({ stats, history }: { stats: ServerStats; history: readonly ServerStats[] }) {
  const line = (name: "changes_per_second" | "fan_out_p99_ms" | "memory", label: string) => (
    <Sparkline label={label} points={history.map((past) => ({ time: past.time, value: past[name] }))} />
  );
  const lines = (
    <>
      <Figure
        label="Changes"
        value={`${rate(stats.changes_per_second)} a second`}
        line={line("changes_per_second", "Changes a second in the last minutes")}
      >
        {rate(stats.delivered_per_second)} a second told to browsers
      </Figure>
      <Figure
        label="From commit to browser"
        value={duration(stats.fan_out_p99_ms)}
        line={line("fan_out_p99_ms", "Time from commit to browser in the last minutes")}
      >
        {stats.fan_out_p99_ms === undefined
          ? "Nothing was measured."
          : `99 of 100 take less, half under ${duration(stats.fan_out_p50_ms)}`}
      </Figure>
      <Figure label="Memory" value={formatSize(stats.memory)} line={line("memory", "Memory in the last minutes")}>
        {formatSize(stats.heap)} in use by the program
      </Figure>
    </>
  );
  return (
    <>
      {stats.disk_full && (
        <Notice kind="failed">
          The disk is full: nothing can be saved. Make room on the disk that holds the data; then it goes on by itself.
        </Notice>
      )}
      <section className={styles.figures} aria-label="Figures">
        {lines}
        <Figure label="People's tabs" value={count(stats.connections)}>
          {some(stats.subscriptions, "watch", "watches")}, {count(stats.shared_queries)} different
        </Figure>
        <Figure label="Commits" value={`${rate(stats.commits_per_second)} a second`}>
          {stats.writes_per_commit === undefined
            ? "Nothing was written."
            : `${writes(stats.writes_per_commit)} each, 99 of 100 under ${duration(stats.commit_p99_ms)}`}
          {stats.commits_failed > 0 && `; ${count(stats.commits_failed)} have failed`}
        </Figure>
        <Figure label="Processor" value={percent(stats.cpu)}>
          of one processor; there are {stats.processors}
        </Figure>
        <Figure
          label="Disk"
          value={`${formatSize(stats.disk_free)} free`}
          warn={stats.disk_full || stats.disk_free < stats.disk_size * LITTLE_ROOM}
        >
          of {formatSize(stats.disk_size)}; {formatSize(stats.wal_bytes)} to be moved into the database
        </Figure>
        <Figure label="Network" value={`${bytes(stats.sent_per_second)} a second sent`}>
          {bytes(stats.received_per_second)} received, {rate(stats.requests_per_second)} requests
        </Figure>
        <Figure label="Inside" value={some(stats.goroutines, "goroutine")}>
          {some(stats.open_files, "open file or socket", "open files and sockets")}
        </Figure>
      </section>
    </>
  );
}

function writes(n: number): string {
  const mean = rate(n);
  return mean === "1" ? "1 write" : `${mean} writes`;
}

function bytes(n: number | undefined): string {
  return n === undefined ? "–" : formatSize(Math.round(n));
}

interface FigureProps {
  label: string;
  value: string;
  warn?: boolean;
  line?: ReactNode;
  children: ReactNode;
}

function Figure({ label, value, warn, line, children }: FigureProps) {
  return (
    <div className={styles.figure}>
      <h2 className={styles.label}>{label}</h2>
      <p className={styles.value} data-warn={warn || undefined}>
        {value}
      </p>
      <p className={styles.detail}>{children}</p>
      {line}
    </div>
  );
}
