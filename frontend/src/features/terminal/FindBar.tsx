import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { TextField } from "../../ui/fields";
import { IconButton } from "../../ui/IconButton";
import styles from "./TerminalFrame.module.css";

/** Finds a text in what the terminal has printed. */
export function FindBar({ onFind, onClose }: { onFind(text: string, back: boolean): boolean; onClose(): void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(true);
  const find = (back: boolean) => setFound(text === "" || onFind(text, back));
  return (
    <search className={styles.find}>
      <TextField
        label="Find in the terminal"
        hideLabel
        placeholder="Find"
        value={text}
        onChange={setText}
        autoFocus
        error={found ? undefined : "Not found."}
        onKeyDown={(event) => {
          if (event.key === "Enter") find(!event.shiftKey);
          if (event.key === "Escape") onClose();
        }}
      />
      <IconButton label="Find further up" icon={<IconArrowUp size={17} />} size="small" onClick={() => find(true)} />
      <IconButton
        label="Find further down"
        icon={<IconArrowDown size={17} />}
        size="small"
        onClick={() => find(false)}
      />
      <IconButton label="Close the search" icon={<IconX size={17} />} size="small" onClick={onClose} />
    </search>
  );
}
