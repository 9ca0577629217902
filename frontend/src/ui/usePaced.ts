import { useEffect, useState } from "react";
import { pace, push, tick } from "../lib/pace";

/** The value, but each one for at least ms, so that a person sees every step. */
export function usePaced<T>(value: T, ms: number): T {
  const [kept, setKept] = useState(() => pace(value));
  const now = push(kept, value);
  if (now !== kept) setKept(now);
  const [shown] = now.queue;
  const { held } = now;
  useEffect(() => {
    if (!held) return;
    // Values that come meanwhile do not begin the time of this one anew.
    const timer = setTimeout(() => setKept((then) => (then.queue[0] === shown ? tick(then) : then)), ms);
    return () => clearTimeout(timer);
  }, [shown, held, ms]);
  return shown;
}
