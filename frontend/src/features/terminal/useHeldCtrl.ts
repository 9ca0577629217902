import { useCallback, useRef, useState } from "react";
import { withCtrl } from "./missingKeys";

export interface HeldCtrl {
  held: boolean;
  hold(held: boolean): void;
  /** What is sent for what was typed. The first key lets go of Ctrl. */
  alter(text: string): string;
}

/** Ctrl that is touched, and holds for the next key of whatever keyboard. */
export function useHeldCtrl(): HeldCtrl {
  const [held, setHeld] = useState(false);
  const now = useRef(false); // a second key may come before the page is drawn anew
  const hold = useCallback((next: boolean) => {
    now.current = next;
    setHeld(next);
  }, []);
  const alter = useCallback(
    (text: string) => {
      const altered = now.current ? withCtrl(text) : undefined;
      if (altered === undefined) return text;
      hold(false);
      return altered;
    },
    [hold],
  );
  return { held, hold, alter };
}
