import { IconDots } from "@tabler/icons-react";
import { rowsOf } from "../../live/live";
import { useAccountId, useAction, useLive } from "../../live/react";
import { IconButton } from "../../ui/IconButton";
import { Menu, type MenuEntry } from "../../ui/Menu";
import { fail } from "../../ui/toast";
import { chooseColours, type ColourChoice, useColours } from "./colours";
import { pasteAct } from "./paste";
import type { ShownTerminal } from "./useTerminal";

/** What the schema takes for the height of letters. */
const SMALLEST = 8;
const LARGEST = 40;

const COLOURS: readonly [ColourChoice, string][] = [
  ["page", "Colours as the page"],
  ["light", "Light"],
  ["dark", "Dark"],
  ["contrast", "High contrast"],
];

/** What can be done with a terminal by the mouse alone. */
export function TerminalMenu({
  terminal,
  onAsk,
}: {
  terminal: ShownTerminal;
  onAsk(text: string, lines: number): void;
}) {
  const { choice } = useColours();
  const accountId = useAccountId();
  const rows = rowsOf(
    useLive("accounts", accountId === undefined ? undefined : { id: accountId, editor_settings: null }),
  );
  const size = rows[0]?.editor_settings.font_size ?? 14;
  const letters = useAction((store, font_size: number) =>
    store.set("accounts", { id: accountId, editor_settings: { font_size } }),
  );
  const entries: MenuEntry[] = [
    { label: "Copy", onSelect: () => void (terminal.copy() || fail("Nothing is selected in the terminal.")) },
    { label: "Paste", onSelect: () => void pasteFromClipboard(terminal, onAsk) },
    { label: "Select all", onSelect: () => terminal.selectAll() },
    "line",
    {
      label: "Larger letters",
      reason: size < LARGEST ? undefined : "They are as large as can be.",
      onSelect: () => void letters.run(size + 1),
    },
    {
      label: "Smaller letters",
      reason: size > SMALLEST ? undefined : "They are as small as can be.",
      onSelect: () => void letters.run(size - 1),
    },
    "line",
    ...COLOURS.map(([value, label]) => ({
      label,
      chosen: value === choice,
      onSelect: () => chooseColours(value),
    })),
  ];
  return (
    <Menu
      trigger={<IconButton label="More for this terminal" icon={<IconDots size={18} />} size="small" />}
      entries={entries}
    />
  );
}

/** A page may read the clipboard only if the browser lets it; the key for pasting always works. */
async function pasteFromClipboard(terminal: ShownTerminal, onAsk: (text: string, lines: number) => void) {
  let text: string;
  try {
    text = await navigator.clipboard.readText();
  } catch {
    terminal.focus();
    fail(
      "The browser does not let this page read the clipboard. Press Ctrl+V (on a Mac Cmd+V) in the terminal instead.",
    );
    return;
  }
  const what = pasteAct(text, terminal.bracketed());
  if (what.act === "paste") terminal.paste(what.text);
  else if (what.act === "ask") onAsk(what.text, what.lines);
  else fail(what.message);
}
