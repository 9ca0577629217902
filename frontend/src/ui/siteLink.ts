import { createElement, type ReactElement } from "react";

/** For `renderRoot` of buttons and menus: a link to another site, with their looks; undefined leads nowhere. */
export function siteLink(href: string | undefined): (props: Record<string, unknown>) => ReactElement {
  return (props) => createElement("a", { ...props, href });
}
