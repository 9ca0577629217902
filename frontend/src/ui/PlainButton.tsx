import "@mantine/core/styles/Button.css";
import { Button as MantineButton } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";

export interface PlainButtonProps {
  children: ReactNode;
  onClick?(): void;
  type?: "button" | "submit";
  primary?: boolean;
  fullWidth?: boolean;
  busy?: boolean;
  renderRoot?(props: Record<string, unknown>): ReactElement;
}

/**
 * A button without reasons, icons and hints: for the sign-in page and for what
 * is shown when something broke, which thus need not load the code that places
 * hints.
 */
export function PlainButton({ primary, busy, type = "button", ...rest }: PlainButtonProps) {
  return (
    <MantineButton
      {...rest}
      type={type}
      variant={primary ? "filled" : "default"}
      size="sm"
      loading={busy}
      loaderProps={{ "aria-hidden": true }}
    />
  );
}
