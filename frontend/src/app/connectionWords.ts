import type { ConnectionState } from "../wire/connection";
import { sentenceOf } from "../wire/closed";

/** What is wrong with the connection, as a sentence; undefined if nothing is. */
export function whatIsWrong(connection: ConnectionState): string | undefined {
  return connection.state === "closed" ? sentenceOf(connection.why) : undefined;
}

/** What waits for the server, as words. */
export function waitingWords(waiting: number): string {
  return waiting === 1 ? "1 change waits" : `${waiting} changes wait`;
}
