import { IconDotsVertical, IconFilePlus, IconFolderPlus, IconHome, IconUpload } from "@tabler/icons-react";
import { useRef } from "react";
import { ancestorsOf } from "../../lib/paths";
import { IconButton } from "../../ui/IconButton";
import { Menu } from "../../ui/Menu";
import styles from "./FilesPanel.module.css";
import type { Order } from "./listing";

export interface FolderBarProps {
  path: string;
  mayEdit: boolean;
  order: Order;
  hidden: boolean;
  onOpen(folder: string): void;
  onOrder(order: Order): void;
  onHidden(hidden: boolean): void;
  onNew(what: "create_file" | "create_directory"): void;
  onUpload(files: readonly File[]): void;
}

const VIEWER = "You need to be an editor of the project to change its files.";

/** Where one is, and what can be done in this folder. */
export function FolderBar(props: FolderBarProps) {
  const { path, mayEdit, order, hidden, onOpen, onOrder, onHidden, onNew, onUpload } = props;
  const input = useRef<HTMLInputElement>(null);
  const reason = mayEdit ? undefined : VIEWER;
  const sorting = (by: Order["by"], label: string, descending: boolean) => ({
    label: order.by === by && order.descending === descending ? `✓ ${label}` : label,
    onSelect: () => onOrder({ by, descending }),
  });
  return (
    <div className={styles.bar}>
      <Crumbs path={path} onOpen={onOpen} />
      <div className={styles.tools} role="toolbar" aria-label="This folder">
        <IconButton
          label="New file"
          icon={<IconFilePlus size={18} />}
          size="small"
          reason={reason}
          onClick={() => onNew("create_file")}
        />
        <IconButton
          label="New folder"
          icon={<IconFolderPlus size={18} />}
          size="small"
          reason={reason}
          onClick={() => onNew("create_directory")}
        />
        <IconButton
          label="Upload files"
          icon={<IconUpload size={18} />}
          size="small"
          reason={reason}
          onClick={() => input.current?.click()}
        />
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label="Files to upload"
          onChange={(event) => {
            onUpload([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = ""; // the same file may be chosen again
          }}
        />
        <Menu
          trigger={<IconButton label="How files are shown" icon={<IconDotsVertical size={18} />} size="small" />}
          entries={[
            { heading: "Sort by" },
            sorting("name", "Name", false),
            sorting("modified", "Newest first", true),
            sorting("size", "Largest first", true),
            "line",
            { label: hidden ? "Hide hidden files" : "Show hidden files", onSelect: () => onHidden(!hidden) },
          ]}
        />
      </div>
    </div>
  );
}

/** The way from the home of the project to this folder. */
function Crumbs({ path, onOpen }: { path: string; onOpen(folder: string): void }) {
  const steps = ancestorsOf(path);
  return (
    <nav aria-label="Folder" className={styles.crumbs}>
      <ol>
        {steps.map((step, at) => {
          const last = at === steps.length - 1;
          const home = step.path === "";
          return (
            <li key={step.path}>
              <button
                type="button"
                className={styles.crumb}
                aria-current={last ? "location" : undefined}
                aria-label={home ? "Home of the project" : undefined}
                onClick={() => onOpen(step.path)}
              >
                {home ? <IconHome size={17} aria-hidden /> : step.name}
              </button>
              {!last && <span aria-hidden>/</span>}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
