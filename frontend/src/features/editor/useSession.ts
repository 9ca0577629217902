import { useCallback, useEffect, useState } from "react";
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
  const [session, setSession] = useState<DocumentSession>();
  const [generation, setGeneration] = useState(0);
  useEffect(() => {
    if (accountId === undefined) return;
    const { session: opened, leave } = sessionsFor(store).open(accountId, projectId, path);
    setSession(opened);
    return () => {
      setSession(undefined);
      leave();
    };
  }, [store, accountId, projectId, path, generation]);
  const anew = useCallback(() => setGeneration((before) => before + 1), []);
  return [session, anew];
}
