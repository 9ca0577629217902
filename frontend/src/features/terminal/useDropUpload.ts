import { useState } from "react";
import { quoted } from "../../lib/quote";
import { fail } from "../../ui/toast";
import type { ShownTerminal } from "./useTerminal";

/** Sends files into a folder of the project; the paths of those that have arrived. */
export type Upload = (folder: string, files: readonly File[]) => Promise<readonly string[]>;

/**
 * Takes files that are dropped into a terminal: they go where the program in the
 * foreground works (else to the home), and their names are typed, without Enter.
 */
export function useDropUpload(terminal: ShownTerminal, upload: Upload | undefined) {
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState(0);
  const enabled = upload !== undefined && terminal.state.write && terminal.state.link === "open";
  const carries = (event: React.DragEvent) => enabled && event.dataTransfer.types.includes("Files");

  const take = async (files: readonly File[]) => {
    if (!upload || files.length === 0) return;
    const folder = await terminal.folder();
    setSending((count) => count + files.length);
    const arrived = await upload(folder ?? "", files);
    setSending((count) => count - files.length);
    const names = arrived.map((path) =>
      folder === undefined ? `~/${quoted(path)}` : quoted(path.slice(folder === "" ? 0 : folder.length + 1)),
    );
    if (names.length > 0) terminal.paste(`${names.join(" ")} `);
  };

  const handlers = {
    onDragOver(event: React.DragEvent) {
      if (!carries(event)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop(event: React.DragEvent) {
      if (!carries(event)) return;
      event.preventDefault();
      setOver(false);
      const items = [...event.dataTransfer.items];
      if (items.some((item) => item.webkitGetAsEntry()?.isDirectory))
        fail("A folder cannot be dropped here. Make the folder in the shell and drop its files.");
      void take(items.flatMap((item) => (item.webkitGetAsEntry()?.isDirectory ? [] : (item.getAsFile() ?? []))));
    },
  };
  return { over, sending, handlers };
}
