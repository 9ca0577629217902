import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useAction, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Notice } from "../../ui/Notice";
import { RelativeTime } from "../../ui/RelativeTime";
import { fail } from "../../ui/toast";
import { Waiting } from "../../ui/Waiting";
import type { Session, WireError } from "../../wire/types.gen";
import { browserOf } from "./browserOf";
import styles from "./SettingsPage.module.css";

const shape = { id: null, created: null, used: null, user_agent: null, address: null } as const;

/** Where one is signed in; any of it can be ended. */
export function SessionsCard() {
  const sessions = useLive("sessions", shape, { order_by: "-created" });
  const body = () => {
    switch (sessions.state) {
      case "loading":
        return <Waiting what="your sign-ins" />;
      case "failed":
        return <Notice kind="failed">{sessions.error.message}</Notice>;
      case "stale":
      case "ready":
        return (
          <ul className={styles.list} aria-label="Sign-ins">
            {sessions.rows.map((session) => (
              <SessionRow key={session.id} session={session} />
            ))}
          </ul>
        );
    }
  };
  return (
    <Card title="Where you are signed in" description="End what you do not recognise, and change your password then.">
      {body()}
    </Card>
  );
}

function SessionRow({ session }: { session: Pick<Session, keyof typeof shape> }) {
  const { name, mobile } = browserOf(session.user_agent);
  const Icon = mobile ? IconDeviceMobile : IconDeviceDesktop;
  const end = useAction((store) =>
    store.set("sessions", { id: session.id }, { delete: true, optimistic: false }).catch((error: WireError) => {
      fail(error.message);
    }),
  );
  return (
    <li className={styles.item}>
      <Icon size={20} aria-hidden />
      <div className={styles.words}>
        <strong>{name}</strong>
        <div className={styles.quiet}>
          Signed in <RelativeTime time={session.created} />
          {session.address !== undefined && ` from ${session.address}`}
          {session.used !== undefined && (
            <>
              , used <RelativeTime time={session.used} />
            </>
          )}
        </div>
      </div>
      <Button size="small" busy={end.busy} onClick={() => void end.run()}>
        Sign out
      </Button>
    </li>
  );
}
