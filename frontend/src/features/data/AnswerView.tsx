import { useState } from "react";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { Select } from "../../ui/fields";
import { Tag } from "../../ui/Tag";
import { Waiting } from "../../ui/Waiting";
import styles from "./Answer.module.css";
import type { Example } from "./examples";
import { JsonLines } from "./JsonLines";
import { RowTable } from "./RowTable";
import type { Answered, Job, RunState } from "./run";
import { words } from "./answerWords";

export interface AnswerViewProps {
  run: RunState;
  examples: readonly Example[];
  onExample(example: Example): void;
  /** Runs the same once more; a set with the same request, so that it is written once. */
  onAgain(job: Job): void;
}

/** What came of the last query. */
export function AnswerView({ run, examples, onExample, onAgain }: AnswerViewProps) {
  const [look, setLook] = useState<"table" | "json">("table");
  const body = () => {
    switch (run.state) {
      case "idle":
        return <Beginning examples={examples} onExample={onExample} />;
      case "loading":
        return <Waiting what="the answer" />;
      case "failed":
        return (
          <Notice kind="failed" action={<Button onClick={() => onAgain(run.job)}>Run again</Button>}>
            {run.error.index !== undefined && <strong>{`Query ${run.error.index + 1} of the array: `}</strong>}
            {run.error.message}
          </Notice>
        );
      case "ready":
      case "stale":
      case "ended":
        return (
          <>
            <Head run={run} look={look} onLook={setLook} onAgain={onAgain} />
            {run.answers.map((answer, index) => (
              <One key={index} run={run} answer={answer} index={index} look={look} />
            ))}
          </>
        );
    }
  };
  return (
    <section className={styles.answer} aria-label="Answer">
      {body()}
    </section>
  );
}

type Came = Extract<RunState, { answers: unknown }>;

/** How it stands with the answer as a whole, and how it is looked at. */
function Head(props: {
  run: Came;
  look: "table" | "json";
  onLook(look: "table" | "json"): void;
  onAgain(job: Job): void;
}) {
  const { run, look, onLook, onAgain } = props;
  return (
    <>
      <div className={styles.head}>
        <State run={run} />
        <span className={styles.facts} role="status">
          {words(run)}
        </span>
        <Select
          label="Show as"
          hideLabel
          size="small"
          value={look}
          onChange={onLook}
          options={[
            { value: "table", label: "Table" },
            { value: "json", label: "JSON" },
          ]}
        />
      </div>
      {run.error && (
        <Notice kind="failed" action={<Button onClick={() => onAgain(run.job)}>Run again</Button>}>
          {run.error.message}
        </Notice>
      )}
      {run.job.request !== undefined && <Notice kind="done">Written: the server has acknowledged this.</Notice>}
    </>
  );
}

function State({ run }: { run: Came }) {
  if (run.state === "stale") return <Tag tone="warn">Offline: as it was</Tag>;
  if (run.state === "ended") return <Tag>Not watched any more</Tag>;
  return run.watched ? <Tag tone="ok">Live</Tag> : <Tag>As it was then</Tag>;
}

function One({ run, answer, index, look }: { run: Came; answer: Answered; index: number; look: "table" | "json" }) {
  return (
    <div className={styles.one}>
      {run.answers.length > 1 && <h2 className={styles.heading}>{`${index + 1} · ${answer.table}`}</h2>}
      {answer.cut && (
        <Notice kind="warn">
          {`There are more than ${answer.rows.length} rows. Narrow the query by a filter, or order it and set a limit.`}
        </Notice>
      )}
      {answer.rows.length === 0 && <p className={styles.none}>{answer.one ? "No such row." : "No rows match."}</p>}
      {answer.rows.length > 0 && look === "table" && (
        <RowTable answer={answer} job={run.job} index={index} fresh={run.watched?.fresh} />
      )}
      {answer.rows.length > 0 && look === "json" && <JsonLines answer={answer} />}
    </div>
  );
}

/** Before the first query: what to do. */
function Beginning({ examples, onExample }: Pick<AnswerViewProps, "examples" | "onExample">) {
  return (
    <div className={styles.begin}>
      <p>
        Type a query above: an object shaped like the answer you want, with null for every value that the server shall
        fill in. Everything you see here is what your account may see.
      </p>
      <p>Or begin with one of these:</p>
      <div className={styles.examples}>
        {examples.map((example) => (
          <Button key={example.title} onClick={() => onExample(example)}>
            {example.title}
          </Button>
        ))}
      </div>
    </div>
  );
}
