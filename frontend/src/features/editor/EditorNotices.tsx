import { useState } from "react";
import type { Action } from "../../live/react";
import { Button } from "../../ui/Button";
import { copyText } from "../../ui/copyText";
import { FormDialog } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { fail, tell } from "../../ui/toast";
import styles from "./EditorFrame.module.css";
import { keptText } from "./kept";
import type { DocumentSession, SessionView } from "./session";
import { type FileRow, gone } from "./status";

export interface EditorNoticesProps {
  session: DocumentSession;
  view: SessionView;
  file: FileRow | null;
  onWriteAgain: Action<[], unknown>;
  /** Opens the file anew, after what was typed and not sent has been discarded. */
  onAnew(): void;
}

/** What stands between a person and an ordinary saved text, each with its way out. */
export function EditorNotices({ session, view, file, onWriteAgain, onAnew }: EditorNoticesProps) {
  const lost = view.phase === "refused" || view.phase === "replaced";
  const error = file?.error;
  return (
    <div className={styles.notices}>
      {lost && (
        <LostNotice
          sentence={`${view.message ?? ""} ${view.pending > 0 ? "The text below is your copy." : "The text below is what was here."}`}
          discard={view.phase === "replaced" ? "Open the file as it is now" : "Discard my copy"}
          text={() => session.text.toString()}
          onDiscard={async () => {
            await session.discard();
            onAnew();
          }}
        />
      )}
      {view.leftovers.map((box) => (
        <LostNotice
          key={box.origin}
          sentence={`What was typed here earlier (${box.entries.length === 1 ? "one change" : `${box.entries.length} changes`}) was not sent: ${
            box.refused ? "it was refused." : "the file is another one now."
          }`}
          discard="Discard it"
          text={() => keptText(box)}
          onDiscard={() => session.discardLeftover(box.origin)}
        />
      ))}
      {view.phase === "open" && view.readOnly && (
        <Notice kind="info" bar>
          You may read this file. To change it you need to be an editor of the project.
        </Notice>
      )}
      {error !== undefined && (
        <Notice
          kind="failed"
          bar
          action={
            gone(file) && !view.readOnly ? (
              <Button size="small" busy={onWriteAgain.busy} onClick={() => void onWriteAgain.run()}>
                Write the file again
              </Button>
            ) : undefined
          }
        >
          {onWriteAgain.error?.message ?? error}
        </Notice>
      )}
    </div>
  );
}

interface LostNoticeProps {
  sentence: string;
  /** What the button says that gives the text up. */
  discard: string;
  text(): string;
  onDiscard(): Promise<void>;
}

/** A text that cannot be sent: it can be copied, or given up after a question. */
function LostNotice({ sentence, discard, text, onDiscard }: LostNoticeProps) {
  const [asking, setAsking] = useState(false);
  const copy = async () => {
    if (await copyText(text())) tell("The text is on the clipboard.");
    else fail("The browser does not let this page copy. Please select the text and copy it by hand.");
  };
  return (
    <>
      <Notice
        kind="failed"
        bar
        action={
          <div className={styles.buttons}>
            <Button size="small" onClick={() => void copy()}>
              Copy my text
            </Button>
            <Button size="small" onClick={() => setAsking(true)}>
              {discard}
            </Button>
          </div>
        }
      >
        {sentence}
      </Notice>
      <FormDialog
        title="Give up this text?"
        open={asking}
        onClose={() => setAsking(false)}
        action={discard}
        danger
        onSubmit={() => {
          setAsking(false);
          void onDiscard();
        }}
      >
        <p>What was typed and not sent is gone for good then. Copy it first if you may need it.</p>
      </FormDialog>
    </>
  );
}
