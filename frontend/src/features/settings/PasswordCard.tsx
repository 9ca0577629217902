import { useState } from "react";
import { useAction } from "../../live/react";
import { post } from "../../wire/http";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { PasswordField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { tell } from "../../ui/toast";
import styles from "./SettingsPage.module.css";

/** A new password, which ends all other sign-ins. */
export function PasswordCard({ email }: { email: string | undefined }) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useAction(async () => {
    await post("auth/password", { current, new: next });
    setCurrent("");
    setNext("");
    tell("Your password has been changed. You are signed out everywhere else.");
  });
  return (
    <Card
      title="Password"
      description="A new password signs you out everywhere else. Soon after you signed in with a link, the current one may be left empty."
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void change.run();
        }}
      >
        {change.error && <Notice kind="failed">{change.error.message}</Notice>}
        <input type="hidden" name="username" autoComplete="username" value={email ?? ""} readOnly />
        <div className={styles.grid}>
          <PasswordField
            label="Current password"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
          />
          <PasswordField label="New password" autoComplete="new-password" required value={next} onChange={setNext} />
        </div>
        <div>
          <Button type="submit" busy={change.busy} disabled={next === ""}>
            Change password
          </Button>
        </div>
      </form>
    </Card>
  );
}
