import { LiveStore } from "../live/LiveStore";
import { healthURL, socketURL, streamURL } from "../wire/http";
import { Socket } from "../wire/socket";
import { HttpStream } from "../wire/stream";

/** Connects this tab to the server, for as long as the page is open. */
export function connect(): LiveStore {
  const stream = { url: streamURL(), healthURL: healthURL() };
  const socket = new Socket({ url: socketURL(), stream: () => new HttpStream(stream) });
  socket.onState(() => {
    const { state } = socket;
    // Without a sign-in one still sees the pages of those who have none.
    if (state.state === "closed" && state.why === "signed_out") socket.reopen();
  });
  window.addEventListener("online", () => socket.retry());
  // A computer that was suspended, a tab that was frozen: the connection may have gone without a word.
  document.addEventListener("resume", () => socket.wake());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") socket.wake();
  });
  const store = new LiveStore(socket);
  window.addEventListener("beforeunload", (event) => {
    if (store.waiting > 0) event.preventDefault(); // the browser asks whether to leave unsaved changes behind
  });
  return store;
}
