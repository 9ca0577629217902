import "@mantine/core/styles/Menu.css";
import "@mantine/core/styles/VisuallyHidden.css";
import { Menu as MantineMenu, VisuallyHidden } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Fragment, type ReactElement, type ReactNode } from "react";

export type MenuEntry =
  | {
      label: string;
      icon?: ReactNode;
      onSelect?(): void;
      danger?: boolean;
      /** One of several of which one is chosen: whether this is it. */
      chosen?: boolean;
      /** Why it cannot be chosen now; shown below the label. */
      reason?: string;
      /** Renders something else, such as a link of the router. */
      renderRoot?(props: Record<string, unknown>): ReactElement;
    }
  | { heading: string }
  | "line";

/** A menu that opens from its trigger: arrow keys, Escape, and the focus back afterwards. */
export function Menu({ trigger, entries }: { trigger: ReactElement; entries: readonly MenuEntry[] }) {
  return (
    <MantineMenu position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 100 }}>
      <MantineMenu.Target>{trigger}</MantineMenu.Target>
      <MantineMenu.Dropdown miw={200}>
        {entries.map((entry, index) => (
          <Fragment key={index}>{item(entry)}</Fragment>
        ))}
      </MantineMenu.Dropdown>
    </MantineMenu>
  );
}

function item(entry: MenuEntry): ReactElement {
  if (entry === "line") return <MantineMenu.Divider />;
  if ("heading" in entry) return <MantineMenu.Label>{entry.heading}</MantineMenu.Label>;
  const { label, icon, onSelect, danger, chosen, reason, renderRoot } = entry;
  return (
    <MantineMenu.Item
      leftSection={chosen === undefined ? icon : <IconCheck size={16} visibility={chosen ? undefined : "hidden"} />}
      color={danger ? "var(--danger)" : undefined}
      disabled={reason !== undefined}
      onClick={onSelect}
      renderRoot={renderRoot}
    >
      {label}
      {chosen && <VisuallyHidden> (chosen)</VisuallyHidden>}
      {reason !== undefined && <div style={{ fontSize: 12, maxWidth: 240 }}>{reason}</div>}
    </MantineMenu.Item>
  );
}
