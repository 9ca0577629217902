import { useState } from "react";
import type { LiveStore } from "../../live/LiveStore";
import { useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { tell } from "../../ui/toast";
import { LimitFields, type LimitFieldsProps } from "./LimitFields";
import styles from "./LimitsPage.module.css";
import { changesOf, type Draft, type LimitName } from "./limits";

export type Changes = Partial<Record<LimitName, unknown>>;

export interface LimitsFormProps extends Pick<LimitFieldsProps, "chosen" | "fallback" | "otherwise"> {
  /** Saves what has changed. */
  onSave(store: LiveStore, changes: Changes): Promise<unknown>;
  /** What is said then. */
  saved: string;
}

/** Limits that can be changed. What nobody has typed follows what others change meanwhile. */
export function LimitsForm({ onSave, saved, ...limits }: LimitsFormProps) {
  const [draft, setDraft] = useState<Draft>({});
  const changes = changesOf(limits.chosen, draft);
  const save = useAction(async (store, changes: Changes) => {
    await onSave(store, changes);
    setDraft({});
    tell(saved);
  });
  const ready = changes !== undefined && Object.keys(changes).length > 0;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !save.busy) void save.run(changes);
      }}
    >
      {save.error && <Notice kind="failed">{save.error.message}</Notice>}
      <LimitFields {...limits} draft={draft} onChange={setDraft} />
      <div className={styles.buttons}>
        <Button type="submit" kind="primary" busy={save.busy} disabled={!ready}>
          Save limits
        </Button>
        {Object.keys(draft).length > 0 && <Button onClick={() => setDraft({})}>Discard changes</Button>}
      </div>
    </form>
  );
}
