import { useNavigate } from "@tanstack/react-router";
import { IconUserMinus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useAccountId, useAction } from "../../live/react";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { FormDialog } from "../../ui/Dialog";
import { Select, TextField } from "../../ui/fields";
import { IconButton } from "../../ui/IconButton";
import { Notice } from "../../ui/Notice";
import { Tag } from "../../ui/Tag";
import { tell } from "../../ui/toast";
import type { Project } from "../../wire/types.gen";
import styles from "./PeopleCard.module.css";
import { type Person, peopleOf } from "./people";
import { useNames } from "./useProject";
import { ROLES, type Role, roleReason } from "./words";

const options = ROLES.map(({ value, label }) => ({ value, label }));

/** Who is in a project and may do what; owners change it. */
export function PeopleCard({ project, role }: { project: Project; role: Role }) {
  const me = useAccountId();
  const people = peopleOf(project.users, useNames(), me);
  return (
    <Card
      title="People"
      description={
        role === "owner"
          ? "Viewers read everything, editors also change files and run programs, owners also manage people."
          : `You are ${role === "editor" ? "an editor" : "a viewer"} here. Only owners add and remove people.`
      }
    >
      {role === "owner" && <AddPerson projectId={project.id} />}
      <ul className={styles.list} aria-label="People of this project">
        {people.map((person) => (
          <PersonRow key={person.id} project={project} person={person} own={role} />
        ))}
      </ul>
    </Card>
  );
}

function AddPerson({ projectId }: { projectId: string }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const add = useAction(async (store) => {
    const address = email.trim();
    await store.set("members", { project_id: projectId, email_address: address, role }, { optimistic: false });
    setEmail("");
    tell(`${address} can open this project now.`);
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (email.trim() !== "") void add.run();
  };
  return (
    <form className={styles.add} onSubmit={submit}>
      <div className={styles.email}>
        <TextField
          label="Add a person by e-mail address"
          type="email"
          autoComplete="off"
          placeholder="name@example.org"
          value={email}
          onChange={(value) => {
            add.clear();
            setEmail(value);
          }}
        />
      </div>
      <Select label="Role" value={role} onChange={setRole} options={options} />
      <Button type="submit" kind="primary" busy={add.busy} disabled={email.trim() === ""}>
        Add
      </Button>
      {add.error && (
        <div className={styles.problem}>
          <Notice kind="failed">{add.error.message}</Notice>
        </div>
      )}
    </form>
  );
}

function PersonRow({ project, person, own }: { project: Project; person: Person; own: Role }) {
  const key = { project_id: project.id, account_id: person.id };
  const change = useAction((store, role: Role) => store.set("members", { ...key, role }, { optimistic: false }));
  const [asking, setAsking] = useState(false);
  return (
    <li className={styles.person}>
      <Avatar name={person.name} size={32} />
      <div className={styles.words}>
        <span className={styles.name}>{person.name}</span>
        {person.me && <Tag dot={false}>You</Tag>}
        {change.error && <p className={styles.error}>{change.error.message}</p>}
      </div>
      {own === "owner" ? (
        <Select
          label={`Role of ${person.name}`}
          hideLabel
          size="small"
          value={person.role}
          onChange={(role) => void change.run(role)}
          options={options}
        />
      ) : (
        <span className={styles.role}>{ROLES.find(({ value }) => value === person.role)?.label}</span>
      )}
      {person.me ? (
        <Button size="small" kind="quiet" onClick={() => setAsking(true)}>
          Leave
        </Button>
      ) : (
        <IconButton
          label={`Remove ${person.name}`}
          icon={<IconUserMinus size={17} />}
          reason={own === "owner" ? undefined : roleReason("owner")}
          onClick={() => setAsking(true)}
        />
      )}
      <RemoveDialog project={project} person={person} open={asking} onClose={() => setAsking(false)} />
    </li>
  );
}

function RemoveDialog(props: { project: Project; person: Person; open: boolean; onClose(): void }) {
  const { project, person, open, onClose } = props;
  const navigate = useNavigate();
  const remove = useAction(async (store) => {
    const key = { project_id: project.id, account_id: person.id };
    await store.set("members", key, { delete: true, optimistic: false });
    onClose();
    if (person.me) await navigate({ to: "/projects" });
    else tell(`${person.name} has been removed.`);
  });
  return (
    <FormDialog
      title={person.me ? "Leave this project?" : `Remove ${person.name}?`}
      open={open}
      onClose={onClose}
      action={person.me ? "Leave project" : "Remove"}
      danger
      busy={remove.busy}
      error={remove.error?.message}
      onSubmit={() => void remove.run()}
      size="small"
    >
      <p>
        {person.me
          ? `You will not see “${project.title}” any more until an owner adds you again.`
          : `${person.name} will not see “${project.title}” any more; what is open in their browser closes at once.`}
      </p>
    </FormDialog>
  );
}
