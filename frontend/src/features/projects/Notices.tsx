import { IconX } from "@tabler/icons-react";
import { useLayoutEffect, useRef, useState } from "react";
import { useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import { Notice } from "../../ui/Notice";
import { fail } from "../../ui/toast";
import { useNarrow } from "../../ui/useNarrow";
import { useNow } from "../../ui/useNow";
import type { Project, WireError } from "../../wire/types.gen";
import styles from "./Notices.module.css";
import { type News, newsOf, type Remedy, shownNews } from "./notices";
import { putAway, putAwayNews } from "./putAway";
import { type Role, whyNot } from "./words";

/** How often what is old news is taken away. */
const LOOK_MS = 30_000;

/** Above a project: what everybody who has it open should know, and what can be done. */
export function Notices({ project, role }: { project: Project; role: Role }) {
  const { id } = project;
  const narrow = useNarrow();
  const now = useNow(LOOK_MS);
  const [away, setAway] = useState(() => putAwayNews(id));
  const news = shownNews(newsOf(project, now), away, narrow);
  const box = useRef<HTMLDivElement>(null);
  useFocusKept(box);
  // The region is there before what it tells: what comes with its own region is often not read out.
  return (
    <div ref={box} role="region" aria-label="Notices" aria-live="polite" className={styles.notices}>
      {news.map((one) => (
        <Notice
          key={one.id}
          kind={one.kind}
          bar
          told
          action={
            <Actions project={project} role={role} news={one} onAway={() => setAway(putAway(id, away, one.id))} />
          }
        >
          {one.sentence}
        </Notice>
      ))}
    </div>
  );
}

const LABELS: Record<Remedy, string> = { start: "Start", restart: "Restart", keep: "Keep it running" };

function Actions(props: { project: Project; role: Role; news: News; onAway(): void }) {
  const { project, role, news, onAway } = props;
  const { id, state } = project;
  const act = useAction(async (store, remedy: Remedy) => {
    const done: Promise<unknown> =
      remedy === "keep"
        ? store.once({ project_visits: { project_id: id } }, { set: true })
        : store.set("projects", { id, action_request: { action: remedy } }, { optimistic: false });
    await done.catch((error: WireError) => fail(error.message));
  });
  const { remedy } = news;
  return (
    <span className={styles.actions}>
      {remedy && (
        <Button
          size="small"
          busy={act.busy}
          reason={remedy === "keep" ? undefined : whyNot(remedy, role, state.state)}
          onClick={() => void act.run(remedy)}
        >
          {LABELS[remedy]}
        </Button>
      )}
      {news.passing && (
        <IconButton size="small" label="Put this notice away" icon={<IconX size={16} />} onClick={onAway} />
      )}
    </span>
  );
}

/** When a notice goes whose button has the focus, the page gets it: else a keyboard would start from the top. */
function useFocusKept(box: { current: HTMLElement | null }): void {
  const inside = useRef(false);
  useLayoutEffect(() => {
    const element = box.current;
    const enter = () => (inside.current = true);
    // What is removed with the focus in it gives it to nothing.
    const leave = (event: FocusEvent) => (inside.current = event.relatedTarget === null && inside.current);
    element?.addEventListener("focusin", enter);
    element?.addEventListener("focusout", leave);
    return () => {
      element?.removeEventListener("focusin", enter);
      element?.removeEventListener("focusout", leave);
    };
  }, [box]);
  useLayoutEffect(() => {
    if (inside.current && document.activeElement === document.body) document.getElementById("main")?.focus();
    inside.current = box.current?.contains(document.activeElement) ?? false;
  });
}
