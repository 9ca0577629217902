/**
 * The tables in React; all of it in this file.
 *
 *   const projects = useLive("projects", { id: null, title: null }, { order_by: "-last_edited" });   // Live<…>
 *   const rename = useAction((store, title: string) => store.set("projects", { id, title }));
 *   <Button busy={rename.busy} onClick={() => rename.run("New")} />   {rename.error && <p>{rename.error.message}</p>}
 *   useConnection(): ConnectionState · useAccountId(): string | undefined · useWaiting(): number · useStore(): LiveStore
 */
import { createContext, useCallback, useContext, useMemo, useState, useSyncExternalStore } from "react";
import type { ConnectionState } from "../wire/connection";
import type { WireError } from "../wire/types.gen";
import type { TableName } from "../wire/types.gen";
import type { Live } from "./live";
import type { LiveStore } from "./LiveStore";
import { keyOf, type ListOptions, listQuery, type Selected, type Shape } from "./query";

const LiveStoreContext = createContext<LiveStore | undefined>(undefined);

export const LiveStoreProvider = LiveStoreContext.Provider;

export function useStore(): LiveStore {
  const store = useContext(LiveStoreContext);
  if (!store) throw new Error("this needs a LiveStoreProvider around it");
  return store;
}

/**
 * The rows of a query, now and whenever they change. Mounting subscribes,
 * unmounting unsubscribes; shape and options may be fresh objects on every
 * render. An undefined shape asks nothing and stays "loading".
 */
export function useLive<T extends TableName, const S extends Shape<T>>(
  table: T,
  shape: S | undefined,
  options?: ListOptions,
): Live<Selected<T, S>> {
  const store = useStore();
  const key = keyOf([table, shape, options]);
  // eslint-disable-next-line react/exhaustive-deps -- key stands for table, shape and options
  const query = useMemo(() => (shape ? listQuery(table, shape, options) : undefined), [key]);
  const subscribe = useCallback(
    (listener: () => void) => (query ? store.subscribe(query, listener) : nothing),
    [store, query],
  );
  const view = useSyncExternalStore(subscribe, () => (query ? store.view(query) : LOADING));
  return view as Live<Selected<T, S>>;
}

export interface Action<A extends unknown[], R> {
  /** Does it; resolves with undefined if it failed, and then `error` says why. */
  run(...args: A): Promise<R | undefined>;
  busy: boolean;
  error: WireError | undefined;
  /** Forgets the error. */
  clear(): void;
}

/** Something that a person does: whether it is under way, and why it failed. */
export function useAction<A extends unknown[], R>(act: (store: LiveStore, ...args: A) => Promise<R>): Action<A, R> {
  const store = useStore();
  const [busy, setBusy] = useState(0);
  const [error, setError] = useState<WireError>();
  const run = async (...args: A): Promise<R | undefined> => {
    setBusy((n) => n + 1);
    setError(undefined);
    try {
      return await act(store, ...args);
    } catch (thrown) {
      setError(errorOf(thrown));
      return undefined;
    } finally {
      setBusy((n) => n - 1);
    }
  };
  const clear = useCallback(() => setError(undefined), []);
  return { run, busy: busy > 0, error, clear };
}

/** The connection as it is right now. */
export function useConnection(): ConnectionState {
  const { connection } = useStore();
  return useSyncExternalStore(
    useCallback((listener: () => void) => connection.onState(listener), [connection]),
    () => connection.state,
  );
}

/** Whose tab this is, as the server last said; undefined before it has, and without a sign-in. */
export function useAccountId(): string | undefined {
  const store = useStore();
  return useSyncExternalStore(
    useCallback((listener: () => void) => store.connection.onState(listener), [store]),
    () => store.account,
  );
}

/** How many sets the server has not acknowledged. */
export function useWaiting(): number {
  const store = useStore();
  return useSyncExternalStore(
    useCallback((listener: () => void) => store.onWaiting(listener), [store]),
    () => store.waiting,
  );
}

/** The error in what was thrown; what is none of the server's is thrown on, to the error boundary. */
function errorOf(thrown: unknown): WireError {
  if (typeof thrown === "object" && thrown !== null && "kind" in thrown && "message" in thrown) {
    return thrown as WireError;
  }
  throw thrown;
}

const LOADING: Live = { state: "loading" };

function nothing(): void {
  // there is nothing to stop
}
