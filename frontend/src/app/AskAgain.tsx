import { useConnection, useStore } from "../live/react";
import { Button } from "../ui/Button";

/** For whoever waits for long: asks again, by connecting again if that is what is missing. */
export function AskAgain() {
  const store = useStore();
  const connection = useConnection();
  const again = () => (connection.state === "open" ? store.askAgain() : store.connection.retry());
  return (
    <Button size="small" busy={connection.state === "connecting"} onClick={again}>
      {connection.state === "open" ? "Ask again" : "Connect now"}
    </Button>
  );
}
