import { LiveStore } from "../live/LiveStore";
import { socketURL } from "../wire/http";
import { Socket } from "../wire/socket";

/** Connects this tab to the server, for as long as the page is open. */
export function connect(): LiveStore {
  const socket = new Socket({ url: socketURL() });
  socket.onState(() => {
    const { state } = socket;
    // Without a sign-in one still sees the pages of those who have none.
    if (state.state === "closed" && state.why === "signed_out") socket.reopen();
  });
  window.addEventListener("online", () => socket.retry());
  const store = new LiveStore(socket);
  window.addEventListener("beforeunload", (event) => {
    if (store.waiting > 0) event.preventDefault(); // the browser asks whether to leave unsaved changes behind
  });
  return store;
}
