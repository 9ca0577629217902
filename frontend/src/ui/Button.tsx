import "@mantine/core/styles/Button.css";
import { Button as MantineButton } from "@mantine/core";
import { type MouseEvent, type ReactElement, type ReactNode, type Ref, useId } from "react";
import { Hint } from "./Hint";

export interface ButtonProps {
  children: ReactNode;
  onClick?(event: MouseEvent<HTMLButtonElement>): void;
  /** primary: the one thing that a page is for. quiet: for rows and toolbars. */
  kind?: "primary" | "secondary" | "quiet" | "danger";
  type?: "button" | "submit";
  size?: "small" | "medium";
  icon?: ReactNode;
  busy?: boolean;
  disabled?: boolean;
  /** Why it cannot be used now. It stays reachable by keyboard, does nothing, and says this. */
  reason?: string;
  fullWidth?: boolean;
  /** Renders something else with these properties, such as a link of the router. */
  renderRoot?(props: Record<string, unknown>): ReactElement;
  ref?: Ref<HTMLButtonElement>;
  "aria-expanded"?: boolean;
  "aria-controls"?: string;
  "aria-pressed"?: boolean;
}

const looks = {
  primary: { variant: "filled" },
  secondary: { variant: "default" },
  quiet: { variant: "subtle", color: "gray", c: "var(--text)" },
  danger: { variant: "filled", color: "red.9" },
} as const;

/** A button that says what it does. */
export function Button(props: ButtonProps) {
  const { kind = "secondary", size = "medium", icon, busy, reason, onClick, type = "button", ...rest } = props;
  const reasonId = useId();
  const button = (
    <MantineButton
      {...looks[kind]}
      {...rest}
      type={reason === undefined ? type : "button"}
      size={size === "small" ? "xs" : "sm"}
      leftSection={icon}
      loading={busy}
      loaderProps={{ "aria-hidden": true }}
      onClick={reason === undefined ? onClick : undefined}
      data-disabled={reason === undefined ? undefined : true}
      aria-disabled={reason === undefined ? undefined : true}
      aria-describedby={reason === undefined ? undefined : reasonId}
    />
  );
  return reason === undefined ? (
    button
  ) : (
    <Hint text={reason}>
      {button}
      <span id={reasonId} hidden>
        {reason}
      </span>
    </Hint>
  );
}
