import { useEffect } from "react";
import { useStore } from "../../live/react";
import { Visits } from "./visits";

/** What a person does with hands. Moving the pointer is not among it: a table that shakes keeps nothing running. */
const ACTS = ["pointerdown", "keydown", "wheel"] as const;

/** Tells the server that somebody uses the project, wherever in its page hands are: also in an editor or a terminal. */
export function useVisits(projectId: string): void {
  const store = useStore();
  useEffect(() => {
    const visits = new Visits({
      present: () => document.visibilityState === "visible" && store.connection.state.state === "open",
      tell: () => {
        // What is refused here is refused to everything else too, where it is said.
        store.once({ project_visits: { project_id: projectId } }, { set: true }).catch(() => {});
      },
      now: () => performance.now(),
    });
    const acted = () => visits.acted();
    // Capturing: editors and terminals keep their events for themselves.
    for (const act of ACTS) document.addEventListener(act, acted, { capture: true, passive: true });
    return () => {
      for (const act of ACTS) document.removeEventListener(act, acted, { capture: true });
    };
  }, [store, projectId]);
}
