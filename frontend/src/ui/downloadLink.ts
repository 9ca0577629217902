import { createElement, type ReactElement } from "react";

/** For `renderRoot` of buttons and menus: a link that downloads, with their looks. */
export function downloadLink(href: string): (props: Record<string, unknown>) => ReactElement {
  return (props) => createElement("a", { ...props, href, download: true });
}
