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
    const timer = setTimeout(() => setKept(tick), ms);
    return () => clearTimeout(timer);
  }, [shown, held, ms]);
  return shown;
}
