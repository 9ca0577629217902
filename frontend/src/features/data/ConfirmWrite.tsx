import type { Schema } from "../../wire/schema.gen";
import { FormDialog } from "../../ui/Dialog";
import styles from "./DataPage.module.css";
import type { Typed } from "./query";
import { wordsOf } from "./words";

export interface ConfirmWriteProps {
  schema: Schema;
  typed: Typed | undefined;
  onClose(): void;
  onConfirm(typed: Typed): void;
}

/** Says in words what will be written, and asks once. */
export function ConfirmWrite({ schema, typed, onClose, onConfirm }: ConfirmWriteProps) {
  const written = typed?.parts.filter(({ act }) => act !== "get") ?? [];
  const deletes = written.some(({ act }) => act === "delete");
  return (
    <FormDialog
      title={deletes ? "Delete this?" : "Write this?"}
      open={typed !== undefined}
      onClose={onClose}
      action={deletes ? "Delete" : "Write"}
      danger={deletes}
      onSubmit={() => typed && onConfirm(typed)}
    >
      <ul className={styles.words}>
        {written.map((part, index) => (
          <li key={index}>{wordsOf(schema, part)}</li>
        ))}
      </ul>
      <p>It is written with your rights, and everybody who sees this row sees the change at once.</p>
      {written.length > 1 && <p>They are written in order; where one fails, those before it stay written.</p>}
    </FormDialog>
  );
}
