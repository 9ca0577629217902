import "@mantine/core/styles/Drawer.css";
import { Drawer as MantineDrawer } from "@mantine/core";
import type { ReactNode } from "react";

/** A panel that comes from the left, for small screens. It takes the focus and closes with Escape. */
export function Drawer(props: { title: string; open: boolean; onClose(): void; children: ReactNode }) {
  return (
    <MantineDrawer
      opened={props.open}
      onClose={props.onClose}
      title={props.title}
      size="min(340px, 88vw)"
      closeButtonProps={{ "aria-label": "Close" }}
      transitionProps={{ duration: 140 }}
      styles={{ body: { height: "calc(100dvh - 60px)", padding: 0 } }}
    >
      {props.children}
    </MantineDrawer>
  );
}
