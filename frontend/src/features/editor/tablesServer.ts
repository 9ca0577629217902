import type { LiveStore } from "../../live/LiveStore";
import type { Row, Value } from "../../wire/types.gen";
import type { DocumentServer, DocumentState, Failure, Patch } from "./documentServer";

/**
 * The server's documents through its tables, for one account: while somebody
 * else is signed in on the connection it counts as lost, so that nothing is
 * sent under another name (D3).
 */
export function tablesServer(store: LiveStore, accountId: string): DocumentServer {
  const connected = () => {
    const { state } = store.connection;
    return state.state === "open" && state.hello.account_id === accountId;
  };
  return {
    connected,

    onConnection(listener) {
      let before = connected();
      return store.connection.onState(() => {
        if (before === connected()) return;
        before = !before;
        listener();
      });
    },

    async state({ project_id, path, state_vector }) {
      const asked = { document_id: null, update: null, seq: null, merged: {}, read_only: null };
      const { row } = await store.once({ document_states: { project_id, path, state_vector, ...asked } });
      const state = row ? stateOf(row) : undefined;
      if (!state) throw notThere;
      return state;
    },

    async push({ document_id, origin, n_from, n, update }) {
      const { row } = await store.once({ patches: { document_id, origin, n_from, n, update } }, { set: true });
      return { seq: numberOf(row?.["seq"]), n };
    },

    follow(documentId, seq, on) {
      return store.follow(
        "patches",
        { document_id: documentId, seq: { ">": seq }, origin: null, n: null, update: null },
        {},
        {
          start: (rows) => on.patches(rows.toSorted((a, b) => a.seq - b.seq)),
          changes: (changes) => on.patches(changes.flatMap(({ new_val }) => patchOf(new_val))),
          ended: () => on.lost(),
        },
      );
    },
  };
}

const notThere: Failure = { kind: "not_found", message: "This file does not exist, or you may not see it." };

function stateOf(row: Row): DocumentState | undefined {
  const { document_id, update, merged } = row;
  if (typeof document_id !== "string" || !(update instanceof Uint8Array)) return undefined;
  const numbers = Object.entries(typeof merged === "object" && merged !== null ? merged : {});
  return {
    document_id,
    update,
    seq: numberOf(row["seq"]),
    merged: Object.fromEntries(numbers.map(([origin, n]) => [origin, numberOf(n)])),
    read_only: row["read_only"] === true,
  };
}

function patchOf(row: Row | undefined): Patch[] {
  if (!row) return [];
  const { origin, update } = row;
  if (typeof origin !== "string" || !(update instanceof Uint8Array)) return [];
  return [{ seq: numberOf(row["seq"]), origin, n: numberOf(row["n"]), update }];
}

function numberOf(value: Value | undefined): number {
  return typeof value === "number" ? value : 0;
}
