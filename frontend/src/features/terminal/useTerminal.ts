import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { terminalAddress } from "../../lib/addresses";
import { rowsOf } from "../../live/live";
import { useAccountId, useLive } from "../../live/react";
import { useDark } from "../../ui/useDark";
import { type AttachedTerminal, attachTerminal, type TerminalState } from "./attach";
import { actOf } from "./keys";
import { muteQuestions } from "./questions";
import { type OpenScreen, openScreen, type ScreenSettings } from "./screen";

export interface TerminalUse {
  projectId: string;
  terminalId: string;
  title: string;
  screenReader: boolean;
  visible: boolean;
  onFind(): void;
  /** The focus is to leave the terminal. */
  onLeave(): void;
}

export interface ShownTerminal {
  state: TerminalState;
  find(text: string, back: boolean): boolean;
  stopFinding(): void;
  focus(): void;
  restart(): void;
  reconnect(): void;
}

/**
 * Name of an event that asks the element of a terminal for its text: who
 * dispatches a CustomEvent finds it in `detail.text` afterwards. The text on the
 * screen is drawn, so scripts and tests need another way to it.
 */
export const READ_EVENT = "lyceum:read-terminal";

/** Shows a terminal in host while mounted. */
export function useTerminal(host: RefObject<HTMLDivElement | null>, use: TerminalUse): ShownTerminal {
  const { projectId, terminalId, screenReader } = use;
  const [state, setState] = useState<TerminalState>({ link: "connecting", write: false, keysLost: false });
  const settings = useScreenSettings(screenReader);
  const latest = useRef({ use, settings });
  useLayoutEffect(() => {
    latest.current = { use, settings };
  });
  const screen = useRef<OpenScreen>(undefined);
  const attached = useRef<AttachedTerminal>(undefined);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const opened = openScreen(element, latest.current.use.title, latest.current.settings);
    const line = attachTerminal(opened.terminal, {
      open: (from) => new WebSocket(terminalAddress(document.baseURI, projectId, terminalId, from)),
      onState: (next) => {
        opened.terminal.options.disableStdin = !next.write; // at once: a program's question may follow
        setState(next);
      },
      chance: Math.random,
      after: (ms, fn) => {
        const timer = setTimeout(fn, ms);
        return () => clearTimeout(timer);
      },
    });
    const questions = muteQuestions(opened.terminal.parser, line.mayAnswer);
    opened.terminal.attachCustomKeyEventHandler((event) => act(event, opened, latest.current.use));
    const fit = () => {
      const room = opened.room();
      if (room) line.fit(room.cols, room.rows);
    };
    const observer = new ResizeObserver(fit);
    observer.observe(element.parentElement ?? element);
    const read = (event: Event) => {
      if (event instanceof CustomEvent && typeof event.detail === "object" && event.detail !== null) {
        Object.assign(event.detail, { text: opened.text() });
      }
    };
    element.addEventListener(READ_EVENT, read);
    screen.current = opened;
    attached.current = line;
    return () => {
      screen.current = undefined;
      attached.current = undefined;
      element.removeEventListener(READ_EVENT, read);
      observer.disconnect();
      questions.dispose();
      line.detach();
      opened.close();
    };
  }, [host, projectId, terminalId]);

  useEffect(() => {
    const opened = screen.current;
    if (!opened) return;
    opened.configure(settings);
    const room = opened.room(); // letters of another size fill the same window otherwise
    if (room) attached.current?.fit(room.cols, room.rows);
  }, [settings]);
  useEffect(() => {
    // On a telephone the focus would bring up the keyboard.
    if (use.visible && matchMedia("(pointer: fine)").matches) screen.current?.terminal.focus();
  }, [use.visible]);
  useEffect(() => screen.current?.terminal.textarea?.setAttribute("aria-label", use.title), [use.title]);

  const find = useCallback((text: string, back: boolean) => screen.current?.find(text, back) ?? false, []);
  const stopFinding = useCallback(() => screen.current?.stopFinding(), []);
  const focus = useCallback(() => screen.current?.terminal.focus(), []);
  const restart = useCallback(() => {
    attached.current?.restart();
    screen.current?.terminal.focus();
  }, []);
  const reconnect = useCallback(() => attached.current?.reconnect(), []);
  return useMemo(
    () => ({ state, find, stopFinding, focus, restart, reconnect }),
    [state, find, stopFinding, focus, restart, reconnect],
  );
}

/** @returns whether xterm is to handle the key */
function act(event: KeyboardEvent, { terminal }: OpenScreen, use: TerminalUse): boolean {
  switch (actOf(event, terminal.hasSelection())) {
    case "shell":
      return true;
    case "browser":
      // What is copied is no longer selected, so that the next Ctrl-C interrupts.
      if (event.key.toLowerCase() === "c") setTimeout(() => terminal.clearSelection());
      return false;
    case "copy":
      event.preventDefault();
      document.execCommand("copy"); // works without TLS too; xterm gives the selection
      return false;
    case "find":
      event.preventDefault();
      use.onFind();
      return false;
    case "leave":
      event.preventDefault();
      use.onLeave();
      return false;
  }
}

/** The account's settings for terminals; the schema's defaults until they are known. */
function useScreenSettings(screenReader: boolean): ScreenSettings {
  const accountId = useAccountId();
  const rows = rowsOf(
    useLive("accounts", accountId === undefined ? undefined : { id: accountId, editor_settings: null }),
  );
  const dark = useDark();
  const fontSize = rows[0]?.editor_settings.font_size ?? 14;
  return useMemo(() => ({ dark, fontSize, screenReader }), [dark, fontSize, screenReader]);
}
