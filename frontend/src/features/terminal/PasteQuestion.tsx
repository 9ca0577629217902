import { FormDialog } from "../../ui/Dialog";
import styles from "./TerminalFrame.module.css";

/** How much of a text is shown before it is pasted. */
const SHOWN_LINES = 12;
const SHOWN_LETTERS = 2000;

/** Asks before many lines go to a program that would carry out each of them. */
export function PasteQuestion(props: { text: string; lines: number; onPaste(): void; onClose(): void }) {
  const { text, lines, onPaste, onClose } = props;
  const shown = text
    .split(/\r\n|\r|\n/, SHOWN_LINES)
    .join("\n")
    .slice(0, SHOWN_LETTERS);
  return (
    <FormDialog title={`Paste ${lines} lines?`} open onClose={onClose} action="Paste" onSubmit={onPaste}>
      <p>The program in the terminal takes each line as if you had typed it and pressed Enter.</p>
      <pre className={styles.preview} aria-label="What is pasted">
        {shown}
        {shown.length < text.trimEnd().length && "\n…"}
      </pre>
    </FormDialog>
  );
}
