import { useState } from "react";
import { useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { tell } from "../../ui/toast";
import type { Account } from "../../wire/types.gen";
import styles from "./SettingsPage.module.css";

/** The name that others see, and the address that they do not. */
export function ProfileCard({ account }: { account: Pick<Account, "id" | "name" | "email_address"> }) {
  const [draft, setDraft] = useState<string>();
  const name = draft ?? account.name;
  const save = useAction(async (store) => {
    await store.set("accounts", { id: account.id, name: name.trim() });
    setDraft(undefined);
    tell("Your name has been saved.");
  });
  return (
    <Card title="Profile">
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        {save.error && <Notice kind="failed">{save.error.message}</Notice>}
        <TextField
          label="Name"
          description="What others see."
          autoComplete="name"
          required
          maxLength={100}
          value={name}
          onChange={setDraft}
        />
        <TextField
          label="E-mail address"
          description="You sign in with it. Others do not see it."
          readOnly
          value={account.email_address ?? ""}
          onChange={() => undefined}
        />
        <div>
          <Button
            type="submit"
            kind="primary"
            busy={save.busy}
            disabled={name.trim() === "" || name.trim() === account.name}
          >
            Save name
          </Button>
        </div>
      </form>
    </Card>
  );
}
