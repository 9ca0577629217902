import "@mantine/core/styles/Modal.css";
import { Modal } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { Button } from "./Button";
import styles from "./Dialog.module.css";

export interface DialogProps {
  title: string;
  open: boolean;
  onClose(): void;
  children: ReactNode;
  size?: "small" | "medium" | "large";
}

const SIZES = { small: 400, medium: 520, large: 720 };

/** A window over the page. It takes the focus, keeps it, gives it back, and closes with Escape. */
export function Dialog({ title, open, onClose, children, size = "medium" }: DialogProps) {
  return (
    <Modal
      opened={open}
      onClose={onClose}
      title={title}
      size={SIZES[size]}
      centered
      radius="md"
      closeButtonProps={{ "aria-label": "Close" }}
      overlayProps={{ backgroundOpacity: 0.45 }}
      transitionProps={{ duration: 120 }}
      classNames={{ title: styles.title }}
    >
      {children}
    </Modal>
  );
}

export interface FormDialogProps extends Omit<DialogProps, "children"> {
  /** What the button says that does it. */
  action: string;
  danger?: boolean;
  busy?: boolean;
  disabled?: boolean;
  /** Why it did not work: the server's sentence. */
  error?: string;
  onSubmit(): void;
  children?: ReactNode;
}

/** A dialog with fields, an action and "Cancel". Enter in a field does the action. */
export function FormDialog(props: FormDialogProps) {
  const { action, danger, busy, disabled, error, onSubmit, children, ...dialog } = props;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy && !disabled) onSubmit();
  };
  return (
    <Dialog {...dialog}>
      <form className={styles.form} onSubmit={submit}>
        {children}
        {error !== undefined && (
          <p role="alert" className={styles.error}>
            {error}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={dialog.onClose}>Cancel</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} busy={busy} disabled={disabled}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
