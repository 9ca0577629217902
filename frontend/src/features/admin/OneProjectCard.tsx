import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { TextField } from "../../ui/fields";
import styles from "./LimitsPage.module.css";
import { projectOf } from "./projectOf";

/**
 * The way to the limits of a project that one is not in: administrators do not
 * see the projects of others, but whoever asks for more can give its address.
 */
export function OneProjectCard() {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string>();
  const open = (event: FormEvent) => {
    event.preventDefault();
    const project = projectOf(text);
    if (project === undefined) {
      setWrong("Paste the address of a project as the browser shows it, or its id.");
      return;
    }
    setText("");
    void navigate({ to: "/server/limits", search: { project } });
  };
  return (
    <Card
      title="Limits of one project"
      description="You do not see projects that you are not in; whoever needs more can send you the address of theirs."
    >
      <form className={styles.row} onSubmit={open}>
        <div className={styles.grow}>
          <TextField
            label="Address of the project"
            placeholder={`${location.origin}/projects/…`}
            autoComplete="off"
            value={text}
            error={wrong}
            onChange={(value) => {
              setText(value);
              setWrong(undefined);
            }}
          />
        </div>
        <Button type="submit" disabled={text.trim() === ""}>
          Show limits
        </Button>
      </form>
    </Card>
  );
}
