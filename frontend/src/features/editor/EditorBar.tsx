import { IconDownload } from "@tabler/icons-react";
import { downloadLink } from "../../ui/downloadLink";
import { IconButton } from "../../ui/IconButton";
import { Tag } from "../../ui/Tag";
import type { Person } from "./cursors";
import styles from "./EditorFrame.module.css";
import type { Status } from "./status";

const TONES = { good: "ok", busy: "neutral", offline: "warn", bad: "danger" } as const;

/** How far the text is saved, and who else is here. */
export function EditorBar(props: { status: Status; people: readonly Person[]; name: string; download: string }) {
  const { status, people, name, download } = props;
  return (
    <div className={styles.bar}>
      <div className={styles.status} role="status" aria-label={`State of ${name}`}>
        <Tag tone={TONES[status.kind]} busy={status.kind === "busy"}>
          {status.text}
        </Tag>
      </div>
      {people.length > 0 && (
        <ul className={styles.people} aria-label="Also here">
          {people.map((person) => (
            <li key={person.accountId} className={`${styles.person} person-${person.colour}`} title={person.name}>
              {person.name}
            </li>
          ))}
        </ul>
      )}
      <IconButton
        label={`Download ${name}`}
        icon={<IconDownload size={18} />}
        size="small"
        renderRoot={downloadLink(download)}
      />
    </div>
  );
}
