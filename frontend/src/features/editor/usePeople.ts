import { useEffect, useMemo, useRef } from "react";
import { rowsOf } from "../../live/live";
import { useConnection, useLive, useStore } from "../../live/react";
import { CaretSender } from "./caretSender";
import { encodeSpan, peopleOf, type Person, type Span } from "./cursors";
import type { DocumentSession } from "./session";
import { after } from "./sessions";

/**
 * Who else is in a document; this tab shows itself to them while it is visible.
 *
 * @returns the people, and how to tell them where the caret is
 */
export function usePeople(
  session: DocumentSession,
  documentId: string | undefined,
  visible: boolean,
): [readonly Person[], (span: Span | undefined) => void] {
  const store = useStore();
  const connection = useConnection();
  const connectionId = connection.state === "open" ? connection.hello.connection_id : undefined;
  const shape = { document_id: documentId, connection_id: null, account_id: null, name: null, position: null };
  const cursors = useLive("cursors", documentId === undefined ? undefined : shape);
  const sender = useRef<CaretSender>(undefined);

  useEffect(() => {
    if (documentId === undefined) return;
    const own = new CaretSender((position) => {
      const place = position === undefined ? undefined : { position };
      store.once({ cursors: { document_id: documentId, ...place } }, { set: true }).catch(() => {}); // the next place makes it meaningless
    }, after);
    sender.current = own;
    return () => {
      sender.current = undefined;
      own.leave();
    };
  }, [store, documentId]);

  useEffect(() => {
    if (documentId === undefined || connectionId === undefined || !visible) return;
    sender.current?.enter(); // the row goes with the connection
    return () => {
      sender.current?.leave();
      // With the connection gone the row is gone as well.
      store
        .once({ cursors: { document_id: documentId, connection_id: connectionId } }, { delete: true })
        .catch(() => {});
    };
  }, [store, documentId, connectionId, visible]);

  const rows = rowsOf(cursors);
  const people = useMemo(
    () =>
      // Offline nobody knows where others are, nor which of the rows is our own.
      connectionId === undefined
        ? []
        : peopleOf(
            rows.map((row) => ({ ...row, id: row.connection_id })),
            connectionId,
          ),
    [rows, connectionId],
  );
  const move = (span: Span | undefined) => {
    if (span) sender.current?.move(encodeSpan(session.text, span));
  };
  return [people, move];
}
