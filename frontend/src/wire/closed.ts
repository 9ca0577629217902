import { CLOSE_LOST, CLOSE_NO_DATABASE, CLOSE_SIGNED_OUT, CLOSE_VERSION } from "./types.gen";

/** Our own code for a stream of which nothing comes through, though the server is there. */
export const CLOSE_HELD_BACK = 4000;

/** Why there is no connection, as far as a browser can know. */
export type Closed =
  /** The sign-in has ended: nothing is tried again before the person signs in. */
  | "signed_out"
  /** The server speaks another version: only loading the page again helps. */
  | "version"
  /** We closed it ourselves. */
  | "left"
  /** A message of ours was too large; the same one would be refused again. */
  | "too_large"
  /** The server said that it stops; it is usually back soon. */
  | "restarting"
  /** The server is there, but its database is not. */
  | "no_database"
  /** A message has not come through, though others have. */
  | "lost"
  /** The server is there, but what it says does not come before it has said much. */
  | "held_back"
  /** Nothing came for too long. */
  | "silent"
  /** There is no network in this computer. */
  | "no_network"
  /** Everything else: the server is not there, or something between us and it is broken. */
  | "unreachable";

/** What is known at the end of a connection. */
export interface CloseFacts {
  code: number;
  /** We ended it: because we left, or because of silence, another version, or a gap in what came. */
  ours?: "left" | "silent" | "version" | "lost";
  /** What the browser says of the network (navigator.onLine). */
  online: boolean;
}

/** Sorts the end of a connection. */
export function classify({ code, ours, online }: CloseFacts): Closed {
  if (ours) return ours;
  switch (code) {
    case CLOSE_SIGNED_OUT:
      return "signed_out";
    case CLOSE_VERSION:
      return "version";
    case CLOSE_NO_DATABASE:
      return "no_database";
    case CLOSE_LOST:
      return "lost";
    case CLOSE_HELD_BACK:
      return "held_back";
    case 1009:
      return "too_large";
    case 1001:
    case 1012:
    case 1013:
      return "restarting";
    default:
      return online ? "unreachable" : "no_network";
  }
}

/** Whether to connect again by ourselves. */
export function worthTrying(why: Closed): boolean {
  switch (why) {
    case "signed_out":
    case "version":
    case "left":
      return false;
    case "too_large":
    case "restarting":
    case "no_database":
    case "lost":
    case "held_back":
    case "silent":
    case "no_network":
    case "unreachable":
      return true;
  }
}

/** What a person is told, and how to go on. */
export function sentenceOf(why: Closed): string {
  switch (why) {
    case "signed_out":
      return "You have been signed out. Sign in again to go on.";
    case "version":
      return "Lyceum has been updated. Reload the page to go on.";
    case "left":
      return "The connection was closed.";
    case "too_large":
      return "Something was too large to send. Connecting again.";
    case "restarting":
      return "The server is restarting. Your changes are kept and sent when it is back.";
    case "no_database":
      return "The server is there, but its database cannot be reached. You can go on writing in open documents: all changes are kept in this browser, and sent when it is back.";
    case "lost":
      return "Messages are lost between this browser and the server. Your changes are kept, and sent again.";
    case "held_back":
      return "Something between this browser and the server, perhaps a proxy, holds back what the server says. Ask who runs the network to let WebSockets through. Your changes are kept.";
    case "silent":
    case "unreachable":
      return "The server cannot be reached. Your changes are kept and sent when it is back.";
    case "no_network":
      return "This computer is offline. Your changes are kept and sent when it is back.";
  }
}
