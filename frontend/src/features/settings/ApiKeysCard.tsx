import { IconKey, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { rowsOf } from "../../live/live";
import { useAction, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Dialog, FormDialog } from "../../ui/Dialog";
import { EmptyState } from "../../ui/EmptyState";
import { Notice } from "../../ui/Notice";
import { RelativeTime } from "../../ui/RelativeTime";
import { Tag } from "../../ui/Tag";
import { Waiting } from "../../ui/Waiting";
import { absoluteLink } from "../../wire/http";
import type { ApiKey } from "../../wire/types.gen";
import { curlExample, hasExpired, reachOf } from "./apiKeys";
import { CopyField } from "./CopyField";
import { NewApiKey } from "./NewApiKey";
import styles from "./SettingsPage.module.css";

const shape = {
  id: null,
  name: null,
  scope: null,
  project_id: null,
  read_only: null,
  created: null,
  expires: null,
  used: null,
} as const;

type Key = Pick<ApiKey, keyof typeof shape>;

/** Keys with which scripts ask and set in one's name. */
export function ApiKeysCard() {
  const keys = useLive("api_keys", shape, { order_by: "-created" });
  const projects = useLive("projects", { id: null, title: null }, { order_by: "title" });
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string>();
  const titles = new Map(rowsOf(projects).map(({ id, title }) => [id, title]));
  const body = () => {
    switch (keys.state) {
      case "loading":
        return <Waiting what="your API keys" />;
      case "failed":
        return <Notice kind="failed">{keys.error.message}</Notice>;
      case "stale":
      case "ready":
        if (keys.rows.length === 0) {
          return (
            <EmptyState icon={<IconKey size={24} />} title="No API keys">
              With a key a script can do what you do here: list projects, start them, fetch files. Make one for each
              script.
            </EmptyState>
          );
        }
        return (
          <ul className={styles.list} aria-label="API keys">
            {keys.rows.map((key) => (
              <ApiKeyRow key={key.id} apiKey={key} reach={reachOf(key, titles)} />
            ))}
          </ul>
        );
    }
  };
  return (
    <Card
      title="API keys"
      description="For scripts, in place of your password. A new password does not end them."
      action={
        <Button icon={<IconPlus size={16} />} onClick={() => setCreating(true)}>
          Create API key
        </Button>
      }
    >
      {body()}
      <NewApiKey
        open={creating}
        projects={rowsOf(projects)}
        onClose={() => setCreating(false)}
        onCreated={(created) => {
          setCreating(false);
          setSecret(created);
        }}
      />
      <Dialog title="The API key" open={secret !== undefined} onClose={() => setSecret(undefined)} size="large">
        {secret !== undefined && <Secret value={secret} />}
      </Dialog>
    </Card>
  );
}

function Secret({ value }: { value: string }) {
  return (
    <div className={styles.stack}>
      <p>Copy it now: it is shown only this once. Who has it can do what the key may.</p>
      <CopyField label="API key" value={value} autoFocus />
      <CopyField label="Example" value={curlExample(absoluteLink("api/query"), value)} />
    </div>
  );
}

function ApiKeyRow({ apiKey, reach }: { apiKey: Key; reach: string }) {
  const [revoking, setRevoking] = useState(false);
  const [now] = useState(() => Date.now());
  const expired = hasExpired(apiKey, now);
  return (
    <li className={styles.item}>
      <IconKey size={20} aria-hidden />
      <div className={styles.words}>
        <strong>{apiKey.name}</strong>
        <div className={styles.tags}>
          <Tag dot={false}>{reach}</Tag>
          <Tag dot={false} tone={apiKey.read_only ? "neutral" : "accent"}>
            {apiKey.read_only ? "Read only" : "May write"}
          </Tag>
          {expired && (
            <Tag dot={false} tone="warn">
              Expired
            </Tag>
          )}
        </div>
        <div className={styles.quiet}>
          Made <RelativeTime time={apiKey.created} />
          {apiKey.used === undefined ? (
            ", not used yet"
          ) : (
            <>
              , used <RelativeTime time={apiKey.used} />
            </>
          )}
          {apiKey.expires !== undefined && !expired && `, valid until ${new Date(apiKey.expires).toLocaleDateString()}`}
        </div>
      </div>
      <Button size="small" onClick={() => setRevoking(true)}>
        Revoke
      </Button>
      <RevokeApiKey apiKey={apiKey} open={revoking} onClose={() => setRevoking(false)} />
    </li>
  );
}

function RevokeApiKey({ apiKey, open, onClose }: { apiKey: Key; open: boolean; onClose(): void }) {
  const revoke = useAction(async (store) => {
    await store.set("api_keys", { id: apiKey.id }, { delete: true, optimistic: false });
    onClose();
  });
  return (
    <FormDialog
      title="Revoke the key?"
      open={open}
      onClose={onClose}
      action="Revoke key"
      danger
      busy={revoke.busy}
      error={revoke.error?.message}
      onSubmit={() => void revoke.run()}
    >
      <p>
        Scripts with the key “{apiKey.name}” stop working at once, also those that are connected now. It cannot be taken
        back.
      </p>
    </FormDialog>
  );
}
