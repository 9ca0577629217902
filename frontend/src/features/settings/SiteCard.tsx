import { useState } from "react";
import { rowsOf } from "../../live/live";
import { useAction, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Switch, TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { tell } from "../../ui/toast";
import type { SiteSettings } from "../../wire/types.gen";
import styles from "./SettingsPage.module.css";

/** What the site is called, and who may sign up. */
export function SiteCard() {
  const site = useLive("site_settings", { id: null, name: null, sign_up: null });
  const [draft, setDraft] = useState<string>();
  const row = rowsOf(site)[0];
  const name = draft ?? row?.name ?? "";
  const set = useAction((store, change: Partial<Pick<SiteSettings, "name" | "sign_up">>) =>
    store.set("server_settings", { id: "site", ...change }),
  );
  const saveName = async () => {
    if (await set.run({ name: name.trim() })) {
      setDraft(undefined);
      tell("The name of the site has been saved.");
    }
  };
  return (
    <Card title="Site">
      {set.error && <Notice kind="failed">{set.error.message}</Notice>}
      <form
        className={styles.row}
        onSubmit={(event) => {
          event.preventDefault();
          void saveName();
        }}
      >
        <div className={styles.grow}>
          <TextField label="Name of the site" maxLength={100} required value={name} onChange={setDraft} />
        </div>
        <Button
          type="submit"
          busy={set.busy && draft !== undefined}
          disabled={name.trim() === "" || name.trim() === row?.name}
        >
          Save name
        </Button>
      </form>
      <Switch
        label="Open sign-up"
        description="Anyone who can reach this site may make an account, without an invitation."
        checked={row?.sign_up === "open"}
        disabled={!row}
        onChange={(open) => void set.run({ sign_up: open ? "open" : "invitation" })}
      />
    </Card>
  );
}
