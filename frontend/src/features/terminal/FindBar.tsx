import { IconArrowDown, IconArrowUp, IconLetterCase, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { TextField } from "../../ui/fields";
import { IconButton } from "../../ui/IconButton";
import type { Matches } from "./screen";
import styles from "./TerminalFrame.module.css";

export interface FindBarProps {
  matches: Matches;
  onFind(text: string, options: { back: boolean; caseSensitive: boolean }): boolean;
  onClose(): void;
}

/** Finds a text in what the terminal has printed. */
export function FindBar({ matches, onFind, onClose }: FindBarProps) {
  const [text, setText] = useState("");
  const [caseSensitive, setCaseSensitive] = useState(false);
  const [found, setFound] = useState(true);
  const find = (back: boolean, exact = caseSensitive) =>
    setFound(text === "" || onFind(text, { back, caseSensitive: exact }));
  return (
    <search className={styles.find}>
      <TextField
        label="Find in the terminal"
        hideLabel
        placeholder="Find"
        value={text}
        onChange={setText}
        autoFocus
        onKeyDown={(event) => {
          if (event.key === "Enter") find(!event.shiftKey);
          if (event.key === "Escape") onClose();
        }}
      />
      <span className={styles.count} data-none={!found || undefined} role="status" aria-label="Matches">
        {found ? text !== "" && matches.count > 0 && countOf(matches) : "Not found."}
      </span>
      <IconButton
        label="Match capital letters"
        icon={<IconLetterCase size={17} />}
        size="small"
        pressed={caseSensitive}
        onClick={() => {
          setCaseSensitive(!caseSensitive);
          find(true, !caseSensitive);
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

function countOf({ at, count }: Matches): string {
  return at > 0 ? `${at} of ${count}` : `${count} found`;
}
