import {
  IconDots,
  IconDownload,
  IconExternalLink,
  IconFile,
  IconFileText,
  IconFolder,
  IconPencil,
  IconPhoto,
  IconTrash,
} from "@tabler/icons-react";
import { memo } from "react";
import { fileAddress } from "../../lib/addresses";
import { extensionOf, join } from "../../lib/paths";
import { formatSize } from "../../lib/sizes";
import { downloadLink } from "../../ui/downloadLink";
import { IconButton } from "../../ui/IconButton";
import { Menu } from "../../ui/Menu";
import { RelativeTime } from "../../ui/RelativeTime";
import type { Asking } from "./EntryDialog";
import styles from "./FilesPanel.module.css";
import { type Entry, mayBeText } from "./listing";

export interface EntryRowProps {
  projectId: string;
  folder: string;
  entry: Entry;
  mayEdit: boolean;
  onOpen(name: string, kind: "file" | "directory"): void;
  onAsk(asking: Asking): void;
}

const PICTURES = new Set(["png", "jpg", "jpeg", "gif", "webp", "svg"]);

/** One entry of a folder: its name opens it, or downloads what is no text. */
export const EntryRow = memo(function EntryRow({ projectId, folder, entry, mayEdit, onOpen, onAsk }: EntryRowProps) {
  const { name, kind, size, modified } = entry;
  const address = fileAddress(projectId, join(folder, name));
  const extension = extensionOf(name);
  const inner = (
    <>
      <Icon kind={kind} extension={extension} />
      <span className={styles.name}>{name}</span>
    </>
  );
  return (
    <div className={styles.row} data-hidden={entry.hidden || undefined}>
      {kind === "file" && !mayBeText(extension) ? (
        <a className={styles.open} data-name={name} href={address} download title={`Download ${name}`}>
          {inner}
        </a>
      ) : (
        <button
          type="button"
          className={styles.open}
          data-name={name}
          disabled={kind === "other"}
          title={name}
          onClick={() => onOpen(name, kind === "directory" ? "directory" : "file")}
        >
          {inner}
        </button>
      )}
      <span className={styles.size}>{size === undefined ? "" : formatSize(size)}</span>
      <span className={styles.modified}>{modified !== undefined && <RelativeTime time={modified} />}</span>
      <Menu
        trigger={<IconButton label={`Actions for ${name}`} icon={<IconDots size={17} />} size="small" />}
        entries={[
          ...(kind === "directory" || kind === "other"
            ? []
            : [
                {
                  label: "Download",
                  icon: <IconDownload size={16} />,
                  renderRoot: downloadLink(address),
                },
              ]),
          {
            label: "Rename",
            icon: <IconPencil size={16} />,
            reason: mayEdit ? undefined : NO_EDITOR,
            onSelect: () => onAsk({ act: "rename", folder, name, kind }),
          },
          {
            label: "Delete",
            icon: <IconTrash size={16} />,
            danger: true,
            reason: mayEdit ? undefined : NO_EDITOR,
            onSelect: () => onAsk({ act: "delete", folder, name, kind }),
          },
        ]}
      />
    </div>
  );
});

const NO_EDITOR = "You need to be an editor of the project.";

const KINDS = { directory: "Folder", link: "Link", other: "Special file", file: "File" } as const;

function Icon({ kind, extension }: { kind: Entry["kind"]; extension: string }) {
  const Shape =
    kind === "directory"
      ? IconFolder
      : kind === "link"
        ? IconExternalLink
        : PICTURES.has(extension)
          ? IconPhoto
          : mayBeText(extension)
            ? IconFileText
            : IconFile;
  return <Shape size={18} className={styles.icon} data-kind={kind} role="img" aria-label={KINDS[kind]} />;
}
