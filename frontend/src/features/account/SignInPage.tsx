import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { useAccountId, useAction } from "../../live/react";
import { post } from "../../wire/http";
import { PasswordField, TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { PlainButton } from "../../ui/PlainButton";
import { Door } from "./Door";
import styles from "./Door.module.css";
import { useSite } from "./site";
import { safeTarget, tokenOf } from "./tokens";

/** Signing in with a password, or with the link that an administrator has given. */
export function SignInPage() {
  const site = useSite();
  const account = useAccountId();
  const navigate = useNavigate();
  const { to, ended } = useSearch({ strict: false });
  const [token, setToken] = useState(() => tokenOf(location.hash));
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useAction(async (store) => {
    await (token === undefined ? post("auth/sign-in", { email, password }) : post("auth/link", { token }));
    store.connection.reopen();
  });

  useEffect(() => {
    if (account !== undefined && token === undefined) void navigate({ href: safeTarget(to), replace: true });
  }, [account, token, to, navigate]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await signIn.run();
    setToken(undefined); // it works once; who is in goes on, others see the form
  };

  const name = site?.name ?? "Lyceum";
  return (
    <Door
      site={name}
      title={token === undefined ? "Sign in" : "Sign in with your link"}
      lead={
        token === undefined ? undefined : "The link works once. Afterwards you can set a new password in your settings."
      }
      foot={<Newcomers firstAccount={site?.first_account} open={site?.sign_up === "open"} />}
    >
      <title>{`Sign in · ${name}`}</title>
      {signIn.error && <Notice kind="failed">{signIn.error.message}</Notice>}
      {ended === true && !signIn.error && <Notice kind="info">You have been signed out.</Notice>}
      <form className={styles.form} onSubmit={submit}>
        {token === undefined && (
          <>
            <TextField
              label="E-mail address"
              type="email"
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={setEmail}
            />
            <PasswordField
              label="Password"
              autoComplete="current-password"
              required
              value={password}
              onChange={setPassword}
            />
          </>
        )}
        <PlainButton type="submit" primary fullWidth busy={signIn.busy}>
          Sign in
        </PlainButton>
      </form>
    </Door>
  );
}

function Newcomers({ firstAccount, open }: { firstAccount?: boolean; open: boolean }) {
  if (firstAccount === undefined) return " "; // not known yet
  if (firstAccount) return "Nobody has an account yet. Open the link that the server has printed when it started.";
  if (!open) return "New here? Ask an administrator for an invitation link.";
  return (
    <>
      New here? <Link to="/sign-up">Create an account</Link>
    </>
  );
}
