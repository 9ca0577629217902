import { createContext, type ReactNode, useContext } from "react";
import { createPortal } from "react-dom";

const HeaderSlotContext = createContext<HTMLElement | null>(null);

/** The element of the header that pages may fill. */
export const HeaderSlotProvider = HeaderSlotContext.Provider;

/** Shows its children in the header, or in place where there is none. */
export function InHeader({ children }: { children: ReactNode }) {
  const slot = useContext(HeaderSlotContext);
  return slot ? createPortal(children, slot) : children;
}

/** Between the steps of where one is. */
export function HeaderSeparator() {
  return (
    <span aria-hidden style={{ color: "var(--border-strong)", flex: "none" }}>
      /
    </span>
  );
}
