import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { useAccountId, useAction } from "../../live/react";
import { post } from "../../wire/http";
import { PasswordField, TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { PlainButton } from "../../ui/PlainButton";
import { Door } from "./Door";
import styles from "./Door.module.css";
import { useSite } from "./site";
import { tokenOf } from "./tokens";

/** A new account: the first of all, by an invitation, or for anyone where the site is open. */
export function SignUpPage() {
  const site = useSite();
  const account = useAccountId();
  const navigate = useNavigate();
  const [token] = useState(() => tokenOf(location.hash));
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const signUp = useAction(async (store) => {
    await post("auth/sign-up", { token: token ?? "", email, name, password });
    store.connection.reopen();
  });

  useEffect(() => {
    if (account !== undefined) void navigate({ to: "/projects", replace: true });
  }, [account, navigate]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signUp.run();
  };

  const siteName = site?.name ?? "Lyceum";
  const first = site?.first_account === true;
  const closed = token === undefined && site !== undefined && (first || site.sign_up === "invitation");
  const signIn = (
    <>
      Have an account? <Link to="/sign-in">Sign in</Link>
    </>
  );
  if (closed) {
    return (
      <Door site={siteName} title="You need a link" foot={signIn}>
        <title>{`Sign up · ${siteName}`}</title>
        <p>
          {first
            ? "The first account is made with the link that the server has printed when it started. Please open that link."
            : "New accounts are by invitation here. Ask an administrator for a link and open it in this browser."}
        </p>
      </Door>
    );
  }
  return (
    <Door
      site={siteName}
      title={first ? "Create the first account" : "Create your account"}
      lead={first ? "It will be the administrator of this site." : undefined}
      foot={signIn}
    >
      <title>{`Sign up · ${siteName}`}</title>
      {signUp.error && <Notice kind="failed">{signUp.error.message}</Notice>}
      <form className={styles.form} onSubmit={submit}>
        <TextField
          label="Name"
          description="What others see."
          autoComplete="name"
          required
          autoFocus
          maxLength={100}
          value={name}
          onChange={setName}
        />
        <TextField
          label="E-mail address"
          description="You sign in with it. Others do not see it."
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={setEmail}
        />
        <PasswordField label="Password" autoComplete="new-password" required value={password} onChange={setPassword} />
        <PlainButton type="submit" primary fullWidth busy={signUp.busy}>
          Create account
        </PlainButton>
      </form>
    </Door>
  );
}
