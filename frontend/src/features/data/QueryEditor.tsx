import { IconLink, IconPencil, IconPlayerPlayFilled, IconPlayerStopFilled } from "@tabler/icons-react";
import { type RefObject, useMemo } from "react";
import { Button } from "../../ui/Button";
import { CodeField, type CodeHandle } from "../../ui/code/CodeField";
import type { Problem } from "../../ui/code/coding";
import { Switch } from "../../ui/fields";
import { IconButton } from "../../ui/IconButton";
import { SCHEMA, type SchemaTable } from "../../wire/schema.gen";
import { completeOptions, completeQuery, describeAt } from "./complete";
import styles from "./DataPage.module.css";
import type { Shared } from "./hash";
import { parseJSON } from "./json";
import { lintOptions, lintQuery } from "./lint";
import { partsOf, type Typed, writes } from "./query";
import type { RunState } from "./run";
import { useSettled } from "./useSettled";

/** After this long without a key the text is looked at. */
const SETTLED_MS = 500;

export interface QueryEditorProps {
  texts: Shared;
  onChange(change: (texts: Shared) => Shared): void;
  queryRef: RefObject<CodeHandle | null>;
  optionsRef: RefObject<CodeHandle | null>;
  run: RunState;
  typed: Typed | undefined;
  table: SchemaTable | undefined;
  live: boolean;
  onLive(live: boolean): void;
  /** Whether the switch decides. */
  canWatch: boolean;
  onRun(): void;
  onStop(): void;
  onShare(): void;
}

/** Where a query is typed, and how it is run. */
export function QueryEditor(props: QueryEditorProps) {
  const { texts, onChange, queryRef, optionsRef, run, typed, table, live, onLive, canWatch, onRun, onStop, onShare } =
    props;
  const settled = useSettled(texts, SETTLED_MS);
  const options = typed?.options;
  const problems = useMemo(
    () => [...lintQuery(SCHEMA, settled.query, options), ...refused(run, settled.query)],
    [settled.query, options, run],
  );
  const optionProblems = useMemo(() => {
    const watched = live ? typed?.parts[0]?.row?.members.map(({ key }) => key.name) : undefined;
    return lintOptions(SCHEMA, settled.options, table, watched);
  }, [settled.options, table, live, typed]);
  const watching = (run.state === "ready" || run.state === "stale") && run.watched !== undefined;
  const write = typed !== undefined && writes(typed);
  return (
    <section className={styles.editor} aria-label="Query">
      <CodeField
        ref={queryRef}
        label="Query"
        initial={texts.query}
        lines={[7, 14]}
        problems={problems}
        complete={(text, caret) => completeQuery(SCHEMA, text, caret)}
        describe={(text, at) => describeAt(SCHEMA, text, at)}
        onChange={(query) => onChange((before) => ({ ...before, query }))}
        onRun={onRun}
      />
      <Sentence problems={problems} />
      <div className={styles.options}>
        <span className={styles.label} aria-hidden>
          Options
        </span>
        <CodeField
          ref={optionsRef}
          label="Options"
          initial={texts.options}
          lines={[1, 5]}
          problems={optionProblems}
          complete={(text, caret) => completeOptions(SCHEMA, table, text, caret)}
          onChange={(more) => onChange((before) => ({ ...before, options: more }))}
          onRun={onRun}
        />
      </div>
      <Sentence problems={optionProblems} />
      <div className={styles.bar}>
        <Button
          kind="primary"
          icon={write ? <IconPencil size={16} /> : <IconPlayerPlayFilled size={14} />}
          busy={run.state === "loading"}
          reason={typed ? undefined : "Type a query in JSON first."}
          onClick={onRun}
        >
          {write ? "Write…" : "Run"}
        </Button>
        <kbd className={styles.keys}>Ctrl Enter</kbd>
        {watching && (
          <Button icon={<IconPlayerStopFilled size={14} />} onClick={onStop}>
            Stop watching
          </Button>
        )}
        <span className={styles.grow} />
        <Switch label="Watch live" checked={live} disabled={!canWatch} onChange={onLive} />
        <IconButton label="Copy a link to this query" icon={<IconLink size={18} />} onClick={onShare} />
      </div>
    </section>
  );
}

/** The first of the problems, for those who cannot point at it. */
function Sentence({ problems }: { problems: readonly Problem[] }) {
  const [first] = problems;
  return (
    <p className={styles.problem} aria-live="polite">
      {first?.message}
    </p>
  );
}

/** The server's refusal, at the query of an array that it names, while the text is what was asked. */
function refused(run: RunState, text: string): Problem[] {
  if (run.state !== "failed" || run.error.index === undefined) return [];
  const { root } = parseJSON(text);
  const node = root && partsOf(root)[run.error.index];
  if (!node || JSON.stringify(run.job.query) !== JSON.stringify(JSON.parse(text))) return [];
  return [{ from: node.from, to: node.to, message: run.error.message }];
}
