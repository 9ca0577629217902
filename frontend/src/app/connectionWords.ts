import type { ConnectionState } from "../wire/connection";
import { sentenceOf } from "../wire/closed";

/** What is wrong with the connection, as a sentence; undefined if nothing is. */
export function whatIsWrong(connection: ConnectionState): string | undefined {
  return connection.state === "closed" ? sentenceOf(connection.why) : undefined;
}

/** That there is no connection, in a word or two. */
export function offlineWord(connection: ConnectionState): string {
  return connection.state !== "open" && connection.why === "no_database" ? "No database" : "Offline";
}

/** What the server has not acknowledged, as words. */
export function waitingWords(waiting: number, connected: boolean): string {
  const changes = waiting === 1 ? "1 change" : `${waiting} changes`;
  if (connected) return `Saving ${changes}…`;
  return `${changes} ${waiting === 1 ? "waits" : "wait"} for the connection`;
}
