import { Loader } from "@mantine/core";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import styles from "./Waiting.module.css";

/** After this long a spinner alone is no answer any more. */
const SLOW_MS = 4000;

export interface WaitingProps {
  /** What is waited for, as it follows "Loading": "projects", "the document notes.md". */
  what: string;
  /** Why it may take long, and how to go on without it; shown when it does take long. */
  slow?: ReactNode;
}

const HelpContext = createContext<ReactNode>(null);

/** What whoever waits for long can do, whatever it is for: a button that asks again. */
export const WaitingHelpProvider = HelpContext.Provider;

/** Something is on its way. When that takes long it says what is waited for and how to go on. */
export function Waiting({ what, slow }: WaitingProps) {
  const isSlow = useSlow(SLOW_MS);
  const help = useContext(HelpContext);
  return (
    <div className={styles.waiting} role="status">
      <Loader size="sm" aria-hidden />
      <p>{isSlow ? `Still loading ${what}.` : `Loading ${what}…`}</p>
      {isSlow && (
        <div className={styles.slow}>
          {slow ?? "The server has not answered yet. You can wait, ask again, or reload the page."}
        </div>
      )}
      {isSlow && help}
    </div>
  );
}

/** Whether the component has been there for ms. */
export function useSlow(ms: number): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return slow;
}
