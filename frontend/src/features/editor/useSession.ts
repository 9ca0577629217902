import { useCallback, useMemo, useState, useSyncExternalStore } from "react";
import type { LiveStore } from "../../live/LiveStore";
import { useAccountId, useStore } from "../../live/react";
import type { DocumentSession } from "./session";
import { sessionsFor } from "./sessions";

/**
 * The session of a file while the component is mounted; undefined until it is
 * known who is here.
 *
 * @returns it, and how to begin anew with what the server has
 */
export function useSession(projectId: string, path: string): [DocumentSession | undefined, () => void] {
  const store = useStore();
  const accountId = useAccountId();
  const [generation, setGeneration] = useState(0);
  const holder = useMemo(
    () => new Holder(store, accountId, projectId, path, generation),
    [store, accountId, projectId, path, generation],
  );
  const session = useSyncExternalStore(holder.subscribe, holder.session);
  const anew = useCallback(() => setGeneration((before) => before + 1), []);
  return [session, anew];
}

/** Opens the session when somebody begins to look, leaves it when nobody looks any more. */
class Holder {
  private opened: DocumentSession | undefined;

  constructor(
    private readonly store: LiveStore,
    private readonly accountId: string | undefined,
    private readonly projectId: string,
    private readonly path: string,
    readonly generation: number,
  ) {}

  session = (): DocumentSession | undefined => this.opened;

  subscribe = (): (() => void) => {
    if (this.accountId === undefined) return () => {};
    const { session, leave } = sessionsFor(this.store).open(this.accountId, this.projectId, this.path);
    this.opened = session;
    return () => {
      this.opened = undefined;
      leave();
    };
  };
}
