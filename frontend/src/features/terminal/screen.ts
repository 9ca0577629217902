import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { type ITheme, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";

/** Lines that can be scrolled back to: a night's build. At 80 columns they take about 100 MB of memory when all are there. */
const SCROLLBACK_LINES = 100_000;

/** Matches that are marked and counted; beyond it they are only found one by one. */
const MAX_MARKED = 1000;

/** Colours of letters are moved until they stand out this much from what is behind them (WCAG AA). */
const CONTRAST = 4.5;

export type Colours = "light" | "dark" | "contrast";

/** How many matches a search has, and which one is shown (from 1; 0 is none known). */
export interface Matches {
  count: number;
  at: number;
}

export interface ScreenSettings {
  colours: Colours;
  fontSize: number;
  /** Keeps a copy of the text for screen readers; slower with much output. */
  screenReader: boolean;
}

export interface OpenScreen {
  readonly terminal: Terminal;
  /** How many columns and rows there is room for; undefined while it is not visible. */
  room(): { cols: number; rows: number } | undefined;
  configure(settings: ScreenSettings): void;
  find(text: string, options: { back: boolean; caseSensitive: boolean }): boolean;
  onMatches(listener: (matches: Matches) => void): void;
  stopFinding(): void;
  /** All text that is kept, with the lines that have scrolled away. */
  text(): string;
  close(): void;
}

/**
 * Opens a terminal's screen in host, without a shell behind it. The name is
 * what a screen reader says of its input.
 */
export function openScreen(host: HTMLElement, name: string, settings: ScreenSettings): OpenScreen {
  const terminal = new Terminal({
    allowProposedApi: true, // for the width of characters (graphemes)
    cursorBlink: true,
    fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace",
    fontSize: settings.fontSize,
    macOptionIsMeta: true,
    minimumContrastRatio: CONTRAST,
    screenReaderMode: settings.screenReader,
    scrollback: SCROLLBACK_LINES,
    theme: THEMES[settings.colours],
    macOptionClickForcesSelection: true,
  });
  const fit = new FitAddon();
  const search = new SearchAddon({ highlightLimit: MAX_MARKED });
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new WebLinksAddon((_event, address) => openAddress(address)));
  terminal.open(host);
  terminal.textarea?.setAttribute("aria-label", name);
  const following = followCaret(terminal, host);
  let open = true;
  let { colours } = settings;
  let lastCase = false;
  void import("./widths").then(({ CountedWidths }) => {
    if (open) terminal.loadAddon(new CountedWidths());
  });

  return {
    terminal,
    room: () => {
      if (host.clientWidth === 0 || host.clientHeight === 0) return undefined;
      const room = fit.proposeDimensions();
      return room && Number.isFinite(room.cols) && Number.isFinite(room.rows) ? room : undefined;
    },
    configure: (next) => {
      terminal.options.fontSize = next.fontSize;
      terminal.options.screenReaderMode = next.screenReader;
      terminal.options.theme = THEMES[next.colours];
      colours = next.colours;
    },
    find: (text, { back, caseSensitive }) => {
      if (caseSensitive !== lastCase) search.clearDecorations(); // else the old count stays
      lastCase = caseSensitive;
      const options = { caseSensitive, decorations: MARKS[colours] };
      return back ? search.findPrevious(text, options) : search.findNext(text, options);
    },
    onMatches: (listener) =>
      search.onDidChangeResults(({ resultIndex, resultCount }) =>
        listener({ at: resultIndex + 1, count: resultCount }),
      ),
    stopFinding: () => search.clearDecorations(),
    text: () => textOf(terminal),
    close: () => {
      open = false;
      following.dispose();
      terminal.dispose();
    },
  };
}

/**
 * Keeps the caret in view where the screen is larger than its host, because
 * another's window is (T7).
 */
function followCaret(terminal: Terminal, host: HTMLElement): { dispose(): void } {
  let frame = 0;
  const follow = () => {
    const screen = host.querySelector<HTMLElement>(".xterm-screen");
    const { active } = terminal.buffer;
    if (!screen || active.viewportY !== active.baseY) return; // somebody reads what was before
    const [width, height] = [screen.offsetWidth / terminal.cols, screen.offsetHeight / terminal.rows];
    const [left, top] = [active.cursorX * width, active.cursorY * height];
    // Below the screen is room for the sentence that covers its end.
    const seen = host.clientHeight - parseFloat(getComputedStyle(host).paddingBottom);
    if (left < host.scrollLeft || left + 2 * width > host.scrollLeft + host.clientWidth)
      host.scrollLeft = left + 2 * width - host.clientWidth;
    if (top < host.scrollTop || top + height > host.scrollTop + seen) host.scrollTop = top + height - seen;
  };
  const soon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(follow);
  };
  const moved = [terminal.onCursorMove(soon), terminal.onResize(soon)];
  const observer = new ResizeObserver(soon);
  observer.observe(host);
  return {
    dispose: () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      for (const listener of moved) listener.dispose();
    },
  };
}

function textOf(terminal: Terminal): string {
  const { active } = terminal.buffer;
  const lines: string[] = [];
  for (let at = 0; at < active.length; at++) {
    const line = active.getLine(at);
    if (!line) continue;
    const text = line.translateToString(true);
    if (line.isWrapped && lines.length > 0) lines.push((lines.pop() ?? "") + text);
    else lines.push(text);
  }
  return lines.join("\n").trimEnd();
}

/** Opens an address of the web in a tab of its own that knows nothing of this one. */
function openAddress(address: string): void {
  if (/^https?:\/\//i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}

const DARK: ITheme = {
  background: "#16181d",
  foreground: "#e6e6e6",
  cursor: "#e6e6e6",
  cursorAccent: "#16181d",
  selectionBackground: "#3b4a68",
  black: "#16181d",
  red: "#ff7b72",
  green: "#7ee787",
  yellow: "#e3b341",
  blue: "#79c0ff",
  magenta: "#d2a8ff",
  cyan: "#76e3ea",
  white: "#d0d4da",
  brightBlack: "#8b949e",
  brightRed: "#ffa198",
  brightGreen: "#a5f3b0",
  brightYellow: "#f2cc60",
  brightBlue: "#a5d6ff",
  brightMagenta: "#e2c5ff",
  brightCyan: "#b3f0f5",
  brightWhite: "#ffffff",
};

const LIGHT: ITheme = {
  background: "#ffffff",
  foreground: "#1f2328",
  cursor: "#1f2328",
  cursorAccent: "#ffffff",
  selectionBackground: "#b6d7ff",
  black: "#1f2328",
  red: "#b3261e",
  green: "#116329",
  yellow: "#7a4f01",
  blue: "#0a4fa8",
  magenta: "#7a3a9e",
  cyan: "#0f6570",
  white: "#5b636c",
  brightBlack: "#4b535c",
  brightRed: "#a40e26",
  brightGreen: "#0b5a23",
  brightYellow: "#633c01",
  brightBlue: "#0550ae",
  brightMagenta: "#6639ba",
  brightCyan: "#0a5c66",
  brightWhite: "#6e7781",
};

const CONTRASTING: ITheme = {
  ...DARK,
  background: "#000000",
  foreground: "#ffffff",
  cursor: "#ffff00",
  cursorAccent: "#000000",
  selectionBackground: "#ffff00",
  selectionForeground: "#000000",
  black: "#000000",
  white: "#ffffff",
};

const THEMES: Readonly<Record<Colours, ITheme>> = { light: LIGHT, dark: DARK, contrast: CONTRASTING };

const marks = (match: string, active: string) => ({
  matchBackground: match,
  matchOverviewRuler: match,
  activeMatchBackground: active,
  activeMatchColorOverviewRuler: active,
});

/** How matches of a search are marked. */
const MARKS = {
  light: marks("#ffe9a8", "#ffb84d"),
  dark: marks("#4d4420", "#7a5a00"),
  contrast: marks("#404000", "#0000ff"),
};
