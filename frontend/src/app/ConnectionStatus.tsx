import { useEffect, useState } from "react";
import { useConnection, useStore, useWaiting } from "../live/react";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Tag } from "../ui/Tag";
import styles from "./ConnectionStatus.module.css";
import { offlineWord, waitingWords, whatIsWrong } from "./connectionWords";

/** A loss shorter than this is not worth a word: restarts of the server take about as long. */
const QUIET_MS = 1500;

/** What is saved within this time needs no word: most changes are within a tenth of it. */
const QUICK_MS = 1000;

/** In the header: that there is no connection, and what is not saved. Nothing while all is well. */
export function ConnectionStatus() {
  const connection = useConnection();
  const wrong = useLasting();
  const waiting = useWaiting();
  const slow = useLonger(waiting > 0, QUICK_MS);
  return (
    <div className={styles.status} role="status" aria-label="State of saving">
      {waiting > 0 && (slow || wrong) && <span className={styles.waiting}>{waitingWords(waiting, !wrong)}</span>}
      {wrong && (
        <Tag tone="warn" busy>
          {offlineWord(connection)}
        </Tag>
      )}
    </div>
  );
}

/** Below the header: why there is no connection, and how to go on. */
export function ConnectionBanner() {
  const store = useStore();
  const connection = useConnection();
  const lasting = useLasting();
  const sentence = whatIsWrong(connection);
  const version = connection.state === "closed" && connection.why === "version";
  if ((!lasting && !version) || (sentence === undefined && connection.state !== "connecting")) return <div />;
  return (
    <Notice
      kind="warn"
      bar
      action={
        version ? (
          <Button size="small" kind="primary" onClick={() => location.reload()}>
            Reload
          </Button>
        ) : (
          <Button size="small" busy={connection.state === "connecting"} onClick={() => store.connection.retry()}>
            Try now
          </Button>
        )
      }
    >
      {sentence ?? "Connecting again…"}
    </Notice>
  );
}

/** Whether the connection has been missing for longer than a moment. */
function useLasting(): boolean {
  return useLonger(useConnection().state !== "open", QUIET_MS);
}

/** Whether something has been so for longer than ms. */
function useLonger(so: boolean, ms: number): boolean {
  const [longer, setLonger] = useState(false);
  useEffect(() => {
    if (!so) return;
    const timer = setTimeout(() => setLonger(true), ms);
    return () => {
      clearTimeout(timer);
      setLonger(false);
    };
  }, [so, ms]);
  return longer;
}
