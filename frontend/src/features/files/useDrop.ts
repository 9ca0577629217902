import { type DragEvent, useRef, useState } from "react";
import { fail } from "../../ui/toast";

/** Takes files that are dropped on an element. */
export function useDrop(enabled: boolean, onDrop: (files: readonly File[]) => void) {
  const [over, setOver] = useState(false);
  const depth = useRef(0); // enter and leave come for children, too
  const carries = (event: DragEvent) => enabled && event.dataTransfer.types.includes("Files");
  const handlers = {
    onDragEnter(event: DragEvent) {
      if (!carries(event)) return;
      event.preventDefault();
      depth.current++;
      setOver(true);
    },
    onDragOver(event: DragEvent) {
      if (carries(event)) event.preventDefault();
    },
    onDragLeave(event: DragEvent) {
      if (!carries(event)) return;
      depth.current--;
      if (depth.current <= 0) setOver(false);
    },
    onDrop(event: DragEvent) {
      if (!carries(event)) return;
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      onDrop(filesOf(event.dataTransfer));
    },
  };
  return { over, handlers };
}

/** The files in what was dropped; folders cannot be read this way and are said. */
function filesOf(data: DataTransfer): File[] {
  const files: File[] = [];
  for (const item of data.items) {
    const entry = item.webkitGetAsEntry();
    if (entry?.isDirectory) {
      fail(`“${entry.name}” is a folder. Please make the folder here and drop its files into it.`);
      continue;
    }
    const file = item.getAsFile();
    if (file) files.push(file);
  }
  return files;
}
