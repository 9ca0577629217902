import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { IModes } from "@xterm/xterm";
import { terminalAddress } from "../../lib/addresses";
import { rowsOf } from "../../live/live";
import { useAccountId, useLive } from "../../live/react";
import type { Place } from "../../lib/place";
import { fail } from "../../ui/toast";
import { type AttachedTerminal, attachTerminal, type TerminalState } from "./attach";
import { makeBell } from "./bell";
import { useColours } from "./colours";
import { actOf } from "./keys";
import { fileLinks } from "./links";
import { pasteAct } from "./paste";
import { muteQuestions } from "./questions";
import { type Matches, type OpenScreen, openScreen, type ScreenSettings } from "./screen";

export interface TerminalUse {
  projectId: string;
  terminalId: string;
  title: string;
  screenReader: boolean;
  visible: boolean;
  onFind(): void;
  /** Many lines are pasted that would be carried out one by one. */
  onAsk(text: string, lines: number): void;
  /** A place of the project is to be opened. */
  onPlaces(places: readonly Place[]): void;
  /** A program has rung, now and not in old output. */
  onBell(): void;
  /** What is sent for a text that was typed. */
  alter(text: string): string;
  /** The focus is to leave the terminal. */
  onLeave(): void;
}

export interface ShownTerminal {
  state: TerminalState;
  find(text: string, options: { back: boolean; caseSensitive: boolean }): boolean;
  matches: Matches;
  /** Types a text as a paste does, without asking. */
  paste(text: string): void;
  /** Sends what is made of the modes that the program has set, as if it was typed. The focus stays where it is. */
  type(made: (modes: IModes) => string): void;
  /** Whether the program has switched bracketed paste on. */
  bracketed(): boolean;
  copy(): boolean;
  selectAll(): void;
  /** The folder of the project where the program in the foreground works; undefined if that is elsewhere. */
  folder(): Promise<string | undefined>;
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
  const [matches, setMatches] = useState<Matches>({ count: 0, at: 0 });
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
      open: (from) => new WebSocket(terminalAddress(document.baseURI, projectId, terminalId, from, opened.room())),
      onState: (next) => {
        opened.terminal.options.disableStdin = !next.write; // at once: a program's question may follow
        setState(next);
      },
      alter: (text) => latest.current.use.alter(text),
      onOpen: (places) => latest.current.use.onPlaces(places),
      chance: Math.random,
      after: (ms, fn) => {
        const timer = setTimeout(fn, ms);
        return () => clearTimeout(timer);
      },
    });
    opened.onMatches(setMatches);
    const bell = makeBell(element);
    opened.terminal.onBell(() => {
      if (!line.isLive()) return;
      bell.ring();
      latest.current.use.onBell();
    });
    opened.terminal.registerLinkProvider(
      fileLinks(opened.terminal, line.find, (place) => latest.current.use.onPlaces([place])),
    );
    const paste = (event: ClipboardEvent) => takePaste(event, opened, latest.current.use);
    element.addEventListener("paste", paste, { capture: true });
    const questions = muteQuestions(opened.terminal.parser, line.mayAnswer);
    opened.terminal.attachCustomKeyEventHandler((event) => act(event, opened, latest.current.use));
    const fit = () => {
      const room = opened.room();
      if (room) line.fit(room.cols, room.rows);
    };
    const observer = new ResizeObserver(fit);
    const stage = element.parentElement ?? element;
    observer.observe(stage);
    // Who clicks beside a screen that is smaller than its window means the terminal.
    const beside = ({ target }: Event) => {
      if (target === stage || target === element) opened.terminal.focus();
    };
    stage.addEventListener("click", beside);
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
      element.removeEventListener("paste", paste, { capture: true });
      bell.dispose();
      element.removeEventListener(READ_EVENT, read);
      observer.disconnect();
      stage.removeEventListener("click", beside);
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

  const find = useCallback(
    (text: string, options: { back: boolean; caseSensitive: boolean }) => screen.current?.find(text, options) ?? false,
    [],
  );
  const paste = useCallback((text: string) => {
    screen.current?.terminal.paste(text);
    screen.current?.terminal.focus();
  }, []);
  const type = useCallback((made: (modes: IModes) => string) => {
    const terminal = screen.current?.terminal;
    terminal?.input(made(terminal.modes));
  }, []);
  const copy = useCallback(() => screen.current !== undefined && copySelection(screen.current), []);
  const bracketed = useCallback(() => screen.current?.terminal.modes.bracketedPasteMode ?? false, []);
  const selectAll = useCallback(() => screen.current?.terminal.selectAll(), []);
  const folder = useCallback(async () => (await attached.current?.find(["."]))?.[0]?.path, []);
  const stopFinding = useCallback(() => screen.current?.stopFinding(), []);
  const focus = useCallback(() => screen.current?.terminal.focus(), []);
  const restart = useCallback(() => {
    attached.current?.restart();
    screen.current?.terminal.focus();
  }, []);
  const reconnect = useCallback(() => attached.current?.reconnect(), []);
  return useMemo(
    () => ({
      state,
      matches,
      find,
      paste,
      type,
      bracketed,
      copy,
      selectAll,
      folder,
      stopFinding,
      focus,
      restart,
      reconnect,
    }),
    [state, matches, find, paste, type, bracketed, copy, selectAll, folder, stopFinding, focus, restart, reconnect],
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
      copySelection({ terminal });
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

/**
 * Takes a paste before xterm does, so that many lines can be asked about. It is
 * the browser's own event: that comes also where pages may not read the clipboard.
 */
function takePaste(event: ClipboardEvent, { terminal }: OpenScreen, use: TerminalUse): void {
  const pasted = event.clipboardData?.getData("text/plain");
  if (pasted === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  if (pasted === "" || terminal.options.disableStdin) return;
  const what = pasteAct(pasted, terminal.modes.bracketedPasteMode);
  switch (what.act) {
    case "paste":
      return terminal.paste(what.text);
    case "ask":
      return use.onAsk(what.text, what.lines);
    case "refuse":
      return fail(what.message);
  }
}

/** @returns whether there was something to copy */
function copySelection({ terminal }: Pick<OpenScreen, "terminal">): boolean {
  if (!terminal.hasSelection()) return false;
  terminal.focus(); // xterm gives its selection to a copy from its own input
  return document.execCommand("copy"); // works without TLS and without permission, too
}

/** The account's settings for terminals; the schema's defaults until they are known. */
function useScreenSettings(screenReader: boolean): ScreenSettings {
  const accountId = useAccountId();
  const rows = rowsOf(
    useLive("accounts", accountId === undefined ? undefined : { id: accountId, editor_settings: null }),
  );
  const { colours } = useColours();
  const fontSize = rows[0]?.editor_settings.font_size ?? 14;
  return useMemo(() => ({ colours, fontSize, screenReader }), [colours, fontSize, screenReader]);
}
