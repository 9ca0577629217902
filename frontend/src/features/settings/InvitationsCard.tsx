import { IconPlus, IconTicket } from "@tabler/icons-react";
import { useState } from "react";
import { useAction, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Dialog, FormDialog } from "../../ui/Dialog";
import { EmptyState } from "../../ui/EmptyState";
import { TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { RelativeTime } from "../../ui/RelativeTime";
import { fail } from "../../ui/toast";
import { Waiting } from "../../ui/Waiting";
import { absoluteLink } from "../../wire/http";
import type { RegistrationToken, WireError } from "../../wire/types.gen";
import { CopyField } from "./CopyField";
import { numberWithin } from "./numbers";
import styles from "./SettingsPage.module.css";

const shape = { id: null, created: null, expires: null, uses: null, max_uses: null, note: null } as const;
const USES = { min: 1, max: 10_000 };

/** Links with which others make an account here. */
export function InvitationsCard() {
  const tokens = useLive("registration_tokens", shape, { order_by: "-created" });
  const [creating, setCreating] = useState(false);
  const [link, setLink] = useState<string>();
  const body = () => {
    switch (tokens.state) {
      case "loading":
        return <Waiting what="invitations" />;
      case "failed":
        return <Notice kind="failed">{tokens.error.message}</Notice>;
      case "stale":
      case "ready":
        if (tokens.rows.length === 0) {
          return (
            <EmptyState icon={<IconTicket size={24} />} title="No invitations">
              Create a link and send it to whom you want to have an account here.
            </EmptyState>
          );
        }
        return (
          <ul className={styles.list} aria-label="Invitations">
            {tokens.rows.map((token) => (
              <InvitationRow key={token.id} token={token} />
            ))}
          </ul>
        );
    }
  };
  return (
    <Card
      title="Invitations"
      description="Who has a link can make an account."
      action={
        <Button icon={<IconPlus size={16} />} onClick={() => setCreating(true)}>
          Create invitation
        </Button>
      }
    >
      {body()}
      <CreateInvitation
        open={creating}
        onClose={() => setCreating(false)}
        onCreated={(created) => {
          setCreating(false);
          setLink(created);
        }}
      />
      <Dialog title="The invitation link" open={link !== undefined} onClose={() => setLink(undefined)}>
        <div className={styles.words}>
          <p>Copy it now: it is shown only this once.</p>
          <CopyField label="Invitation link" value={link ?? ""} autoFocus />
        </div>
      </Dialog>
    </Card>
  );
}

function CreateInvitation(props: { open: boolean; onClose(): void; onCreated(link: string): void }) {
  const [note, setNote] = useState("");
  const [uses, setUses] = useState("1");
  const max_uses = numberWithin(uses, USES);
  const create = useAction(async (store) => {
    const row = { id: "new", max_uses, ...(note.trim() !== "" && { note: note.trim() }) };
    const { link } = await store.set("registration_tokens", row, { optimistic: false });
    setNote("");
    setUses("1");
    if (link !== undefined) props.onCreated(absoluteLink(link));
  });
  return (
    <FormDialog
      title="New invitation"
      open={props.open}
      onClose={props.onClose}
      action="Create link"
      busy={create.busy}
      disabled={max_uses === undefined}
      error={create.error?.message}
      onSubmit={() => void create.run()}
    >
      <TextField
        label="Note"
        description="For whom it is; only administrators see it."
        autoFocus
        maxLength={200}
        value={note}
        onChange={setNote}
      />
      <TextField
        label="How many people may use it"
        type="number"
        {...USES}
        value={uses}
        error={max_uses === undefined ? `A whole number from ${USES.min} to ${USES.max}.` : undefined}
        onChange={setUses}
      />
    </FormDialog>
  );
}

function InvitationRow({ token }: { token: Pick<RegistrationToken, keyof typeof shape> }) {
  const revoke = useAction((store) =>
    store
      .set("registration_tokens", { id: token.id }, { delete: true, optimistic: false })
      .catch((error: WireError) => {
        fail(error.message);
      }),
  );
  const name = token.note ?? "Invitation";
  return (
    <li className={styles.item}>
      <IconTicket size={20} aria-hidden />
      <div className={styles.words}>
        <strong>{name}</strong>
        <div className={styles.quiet}>
          {token.uses} of {token.max_uses} used, made <RelativeTime time={token.created} />
          {token.expires !== undefined && `, valid until ${new Date(token.expires).toLocaleDateString()}`}
        </div>
      </div>
      <Button size="small" busy={revoke.busy} onClick={() => void revoke.run()}>
        Revoke
      </Button>
    </li>
  );
}
