import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import type { ITerminalAddon, IUnicodeVersionProvider, Terminal } from "@xterm/xterm";

const VERSION = "wcwidth";

/** Where wcwidth differs from the tables of the addon: first, last, columns. */
const DIFFERENT: readonly (readonly [number, number, 0 | 1 | 2])[] = [
  [0x1160, 0x11ff, 0], // second and third parts of Hangul
  [0x200b, 0x200f, 0], // joiners, marks of direction
  [0x2060, 0x2064, 0],
  [0xfe00, 0xfe0f, 0], // selectors of a form
  [0xfeff, 0xfeff, 0],
  [0x1f1e6, 0x1f1ff, 1], // letters of flags
  [0x1f3fb, 0x1f3ff, 2], // colours of skin
  [0xe0100, 0xe01ef, 0],
];

/**
 * Makes characters as wide as wcwidth of C says, one by one: shells and editors
 * count so. With clusters (a family of emoji in two columns) the caret would
 * stand elsewhere than the shell believes, and a line that is edited fall apart.
 * The tables are those of the addon, which has no such way of its own that works.
 */
export class CountedWidths implements ITerminalAddon {
  activate(terminal: Terminal): void {
    const provider = providerOf(terminal);
    if (!provider) return;
    terminal.unicode.register(provider);
    terminal.unicode.activeVersion = VERSION;
  }

  dispose(): void {}
}

function providerOf(terminal: Terminal): IUnicodeVersionProvider | undefined {
  const known = terminal.unicode.register.bind(terminal.unicode);
  let tables: IUnicodeVersionProvider | undefined;
  const unicode = {
    register: (provider: IUnicodeVersionProvider) => {
      tables ??= provider;
      known(provider);
    },
    versions: terminal.unicode.versions,
    activeVersion: terminal.unicode.activeVersion,
  };
  new UnicodeGraphemesAddon().activate(Object.create(terminal, { unicode: { value: unicode } }));
  const found = tables;
  if (!found) return undefined;
  const wcwidth = (code: number) =>
    (code < 0x1160 ? undefined : DIFFERENT.find(([first, last]) => first <= code && code <= last)?.[2]) ??
    found.wcwidth(code);
  return {
    version: VERSION,
    wcwidth,
    // Three numbers in one, as xterm packs them: a state (none), the width, and
    // whether this belongs to the cell before.
    charProperties: (code, preceding) => {
      const width = wcwidth(code);
      const before = (preceding >> 1) & 3;
      const joins = width === 0 && before > 0;
      return ((joins ? before : width) << 1) | (joins ? 1 : 0);
    },
  };
}
