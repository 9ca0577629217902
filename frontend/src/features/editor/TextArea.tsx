import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { nameOf } from "../../lib/paths";
import { rowsOf } from "../../live/live";
import { useAccountId, useLive } from "../../live/react";
import { fail } from "../../ui/toast";
import { useDark } from "../../ui/useDark";
import { type AttachedEditor, attachEditor, type EditorSettings } from "./attach";
import type { Person, Span } from "./cursors";
import styles from "./EditorFrame.module.css";
import { languageOf } from "./languages";
import type { DocumentSession } from "./session";

export interface TextAreaProps {
  session: DocumentSession;
  path: string;
  readOnly: boolean;
  visible: boolean;
  aim?: { line: number; column?: number };
  people: readonly Person[];
  onSelect(span: Span | undefined): void;
}

/** Where the text stands: CodeMirror, attached to the session for as long as this is mounted. */
export function TextArea({ session, path, readOnly, visible, aim, people, onSelect }: TextAreaProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<AttachedEditor>(undefined);
  const settings = useEditorSettings();
  const latest = useRef({ settings, readOnly, people, onSelect });
  useLayoutEffect(() => {
    latest.current = { settings, readOnly, people, onSelect };
  });

  useEffect(() => {
    if (!host.current) return;
    const now = latest.current;
    const attached = attachEditor(
      host.current,
      {
        text: session.text,
        language: languageOf(path),
        label: `Text of ${nameOf(path)}`,
        onSelect: (span) => latest.current.onSelect(span),
        onRefuse: fail,
      },
      now.settings,
      now.readOnly,
    );
    attached.setPeople(now.people);
    editor.current = attached;
    return () => {
      editor.current = undefined;
      attached.detach();
    };
  }, [session, path]);
  useEffect(() => editor.current?.configure(settings), [settings]);
  useEffect(() => editor.current?.setReadOnly(readOnly), [readOnly]);
  useEffect(() => editor.current?.setPeople(people), [people]);
  useEffect(() => {
    // On a telephone the focus would bring up the keyboard.
    if (visible && matchMedia("(pointer: fine)").matches) editor.current?.focus();
  }, [visible]);
  useEffect(() => {
    if (aim) editor.current?.goTo(aim.line, aim.column ?? 1);
  }, [aim]);

  return <div ref={host} className={styles.text} />;
}

/** The account's settings for editors; the schema's defaults until they are known. */
function useEditorSettings(): EditorSettings {
  const accountId = useAccountId();
  const rows = rowsOf(
    useLive("accounts", accountId === undefined ? undefined : { id: accountId, editor_settings: null }),
  );
  const dark = useDark();
  const {
    font_size: fontSize = 14,
    line_wrapping: lineWrapping = true,
    tab_size: tabSize = 4,
  } = rows[0]?.editor_settings ?? {};
  return useMemo(
    () => ({ dark, fontSize, lineWrapping, lineNumbers: true, tabSize }),
    [dark, fontSize, lineWrapping, tabSize],
  );
}
