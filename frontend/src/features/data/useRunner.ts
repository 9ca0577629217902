import { useEffect, useState, useSyncExternalStore } from "react";
import { useStore } from "../../live/react";
import { Runner, type RunState } from "./run";

/** Runs queries for as long as the page is open. */
export function useRunner(): { runner: Runner; run: RunState } {
  const store = useStore();
  const [runner] = useState(() => new Runner(store, { now: () => performance.now(), after }));
  useEffect(() => () => runner.stop(), [runner]);
  const run = useSyncExternalStore(
    (listener) => runner.onChange(listener),
    () => runner.view,
  );
  return { runner, run };
}

function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
