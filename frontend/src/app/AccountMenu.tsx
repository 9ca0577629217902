import { Link } from "@tanstack/react-router";
import { IconDatabase, IconLayoutGrid, IconLogout, IconServer, IconSettings } from "@tabler/icons-react";
import { rowsOf } from "../live/live";
import { useAction, useConnection, useLive } from "../live/react";
import { post } from "../wire/http";
import { Avatar } from "../ui/Avatar";
import { Menu, type MenuEntry } from "../ui/Menu";
import { fail } from "../ui/toast";
import styles from "./AccountMenu.module.css";

const SERVER: MenuEntry = {
  label: "Server",
  icon: <IconServer size={16} />,
  renderRoot: (props) => <Link to="/server" {...props} />,
};

/** Who one is, and the way to the settings and out. */
export function AccountMenu({ accountId }: { accountId: string }) {
  const account = rowsOf(
    useLive("accounts", { id: accountId, name: null, email_address: null, administrator: null }),
  )[0];
  const signOut = useAction(async (store) => {
    try {
      await post("auth/sign-out", {});
      store.connection.reopen();
    } catch {
      fail("You could not be signed out: the server cannot be reached. Please try again.");
    }
  });
  const name = account?.name ?? "";
  const connection = useConnection();
  const detour = connection.state === "open" && connection.over === "stream";
  return (
    <Menu
      trigger={
        <button type="button" className={styles.trigger} aria-label={`Account: ${name}`}>
          <Avatar name={name} size={30} />
        </button>
      }
      entries={[
        ...(detour ? [{ heading: "Connected over HTTP: something on the way blocks WebSockets." }] : []),
        { heading: account?.email_address === undefined ? name : `${name} · ${account.email_address}` },
        {
          label: "Projects",
          icon: <IconLayoutGrid size={16} />,
          renderRoot: (props) => <Link to="/projects" {...props} />,
        },
        {
          label: "Settings",
          icon: <IconSettings size={16} />,
          renderRoot: (props) => <Link to="/settings" {...props} />,
        },
        {
          label: "Data",
          icon: <IconDatabase size={16} />,
          renderRoot: (props) => <Link to="/data" {...props} />,
        },
        ...(account?.administrator ? [SERVER] : []),
        "line",
        { label: "Sign out", icon: <IconLogout size={16} />, onSelect: () => void signOut.run() },
      ]}
    />
  );
}
