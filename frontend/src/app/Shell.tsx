import { Link, Outlet, useLocation, useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { sendLeftovers } from "../features/editor/sendLeftovers";
import { rowsOf } from "../live/live";
import { useAccountId, useConnection, useLive, useStore } from "../live/react";
import { HeaderSlotProvider } from "../ui/HeaderSlot";
import { Mark } from "../ui/Mark";
import { Toasts } from "../ui/Toasts";
import { Waiting, WaitingHelpProvider } from "../ui/Waiting";
import { AccountMenu } from "./AccountMenu";
import { AskAgain } from "./AskAgain";
import { ConnectionBanner, ConnectionStatus } from "./ConnectionStatus";
import styles from "./Shell.module.css";
import { whatIsWrong } from "./connectionWords";

/** The frame of all pages for those who have signed in: the header, and the page below it. */
export function Shell() {
  return (
    <WaitingHelpProvider value={<AskAgain />}>
      <Frame />
    </WaitingHelpProvider>
  );
}

function Frame() {
  const account = useAccountId();
  const connection = useConnection();
  const location = useLocation();
  const [wasIn, setWasIn] = useState(false);
  if (account !== undefined && !wasIn) setWasIn(true);
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  useFocusOnNewPage(location.pathname);
  useLeftovers(account);
  const site = rowsOf(useLive("site_settings", { id: null, name: null }))[0];

  const out = account === undefined && connection.state === "open";
  useSignInFirst(out, wasIn);
  if (account === undefined) return <Waiting what="your account" slow={whatIsWrong(connection)} />;
  const name = site?.name ?? "Lyceum";
  return (
    <HeaderSlotProvider value={slot}>
      <a className={styles.skip} href={`${location.pathname}${location.searchStr}#main`} onClick={focusMain}>
        Skip to the page
      </a>
      <div className={styles.shell}>
        <header className={styles.header}>
          <Link to="/projects" className={styles.home} aria-label={`${name}: projects`}>
            <Mark size={26} />
            <span className={styles.name}>{name}</span>
          </Link>
          <div className={styles.slot} ref={setSlot} />
          <ConnectionStatus />
          <AccountMenu accountId={account} />
        </header>
        <ConnectionBanner />
        <main id="main" tabIndex={-1} className={styles.main}>
          <Outlet />
        </main>
      </div>
      <Toasts />
    </HeaderSlotProvider>
  );
}

/** Sends what tabs of this account have left in the browser when they were closed offline. */
function useLeftovers(account: string | undefined): void {
  const store = useStore();
  useEffect(() => {
    // A browser without storage has kept nothing.
    if (account !== undefined) sendLeftovers(store, account).catch(() => {});
  }, [store, account]);
}

/** Sends whoever has no sign-in to that page, once, with the way back. */
function useSignInFirst(out: boolean, wasIn: boolean): void {
  const navigate = useNavigate();
  const router = useRouter();
  useEffect(() => {
    if (!out) return;
    // The address as it is now: while the navigation is under way it is another.
    const to = router.latestLocation.href;
    void navigate({ to: "/sign-in", search: { to, ...(wasIn && { ended: true }) }, replace: true });
  }, [out, wasIn, navigate, router]);
}

/** A page that replaces another takes the focus that was in it, for those who do not see the change. */
function useFocusOnNewPage(pathname: string): void {
  // Within a project, tabs and folders change while hands stay where they are.
  const page = pathname.replace(/\/(files|edit|terminals)(\/.*)?$/, "");
  const last = useRef(page);
  useEffect(() => {
    if (last.current !== page && document.activeElement === document.body) document.getElementById("main")?.focus();
    last.current = page;
  }, [page]);
}

function focusMain(event: { preventDefault(): void }): void {
  event.preventDefault(); // the address stays: it says where one is
  document.getElementById("main")?.focus();
}
