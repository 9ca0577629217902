/** How long a bell is seen. */
const SEEN_MS = 200;

/** A program that rings all the time is seen ringing so often, not as flicker (three a second are safe to look at). */
const EVERY_MS = 400;

const MARK = "🔔 ";

/**
 * Shows the bell: a flash of the element, and a mark in the title of a page that
 * nobody sees until somebody does.
 */
export function makeBell(
  element: HTMLElement,
  now: () => number = () => performance.now(),
): { ring(): void; dispose(): void } {
  let last = -EVERY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const seen = () => {
    if (!document.hidden && document.title.startsWith(MARK)) document.title = document.title.slice(MARK.length);
  };
  document.addEventListener("visibilitychange", seen);
  return {
    ring: () => {
      if (document.hidden && !document.title.startsWith(MARK)) document.title = MARK + document.title;
      if (now() - last < EVERY_MS) return;
      last = now();
      element.setAttribute("data-bell", "");
      clearTimeout(timer);
      timer = setTimeout(() => element.removeAttribute("data-bell"), SEEN_MS);
    },
    dispose: () => {
      clearTimeout(timer);
      element.removeAttribute("data-bell");
      document.removeEventListener("visibilitychange", seen);
    },
  };
}
