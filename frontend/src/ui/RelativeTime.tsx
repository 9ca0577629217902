import { ago, exactly } from "../lib/times";
import { useNow } from "./useNow";

/** How often the words are looked at again; they are no finer than a minute. */
const TICK_MS = 30_000;

/** A moment as people say it; pointing at it says it exactly. */
export function RelativeTime({ time }: { time: number }) {
  const now = useNow(TICK_MS);
  return (
    <time dateTime={new Date(time).toISOString()} title={exactly(time)}>
      {ago(time, Math.max(now, time))}
    </time>
  );
}
