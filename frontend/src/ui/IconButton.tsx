import { ActionIcon } from "@mantine/core";
import { type MouseEvent, type ReactElement, type ReactNode, type Ref } from "react";
import { Hint } from "./Hint";

export interface IconButtonProps {
  /** What it does; shown as a hint and said by a screen reader. */
  label: string;
  icon: ReactNode;
  onClick?(event: MouseEvent<HTMLButtonElement>): void;
  size?: "small" | "medium";
  kind?: "quiet" | "secondary" | "danger";
  busy?: boolean;
  disabled?: boolean;
  /** Why it cannot be used now; it stays reachable and says this. */
  reason?: string;
  pressed?: boolean;
  renderRoot?(props: Record<string, unknown>): ReactElement;
  ref?: Ref<HTMLButtonElement>;
  "aria-expanded"?: boolean;
  "aria-controls"?: string;
}

const looks = {
  quiet: { variant: "subtle", color: "gray", c: "var(--text-quiet)" },
  secondary: { variant: "default" },
  danger: { variant: "subtle", color: "red", c: "var(--danger)" },
} as const;

/** A button of one icon. */
export function IconButton(props: IconButtonProps) {
  const { label, icon, size = "medium", kind = "quiet", busy, reason, pressed, onClick, ...rest } = props;
  return (
    <Hint text={reason === undefined ? label : `${label}: ${reason}`}>
      <ActionIcon
        {...looks[kind]}
        {...rest}
        size={size === "small" ? 26 : 32}
        loading={busy}
        aria-label={label}
        aria-pressed={pressed}
        aria-disabled={reason === undefined ? undefined : true}
        aria-description={reason}
        data-disabled={reason === undefined ? undefined : true}
        onClick={reason === undefined ? onClick : undefined}
      >
        {icon}
      </ActionIcon>
    </Hint>
  );
}
