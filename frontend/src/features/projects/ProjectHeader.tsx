import { Link } from "@tanstack/react-router";
import { IconDots, IconFolder, IconPlayerPlay, IconPlayerStop, IconReload, IconSettings } from "@tabler/icons-react";
import { useAction } from "../../live/react";
import { Button } from "../../ui/Button";
import { HeaderSeparator, InHeader } from "../../ui/HeaderSlot";
import { IconButton } from "../../ui/IconButton";
import { Menu } from "../../ui/Menu";
import { fail } from "../../ui/toast";
import { useNarrow } from "../../ui/useNarrow";
import type { Project, WireError } from "../../wire/types.gen";
import styles from "./ProjectHeader.module.css";
import { ProjectStatus } from "./ProjectStatus";
import { UsageHint } from "./UsageHint";
import { type ActionName, type Role, whyNot } from "./words";

const ACTIONS = [
  { name: "start", label: "Start", Icon: IconPlayerPlay },
  { name: "restart", label: "Restart", Icon: IconReload },
  { name: "stop", label: "Stop", Icon: IconPlayerStop },
] as const satisfies readonly { name: ActionName; label: string; Icon: unknown }[];

/** In the header of the page: which project this is, whether it runs, and what can be done about it. */
export function ProjectHeader({ project, role, settings }: { project: Project; role: Role; settings: boolean }) {
  const { id, title, state } = project;
  const narrow = useNarrow();
  const act = useAction((store, action: ActionName) =>
    store.set("projects", { id, action_request: { action } }, { optimistic: false }).catch((error: WireError) => {
      fail(error.message);
    }),
  );
  // What cannot be done for a reason of the moment is not shown; what the role forbids is, with the reason.
  const shown = ACTIONS.filter(({ name }) => whyNot(name, "owner", state.state) === undefined);
  return (
    <InHeader>
      <HeaderSeparator />
      <h1 className={styles.title} title={title}>
        {title}
      </h1>
      <ProjectStatus project={project} short={narrow} />
      {state.state === "running" && <UsageHint projectId={id} short={narrow} />}
      <div className={styles.actions}>
        {narrow ? (
          <Menu
            trigger={<IconButton label="Project" icon={<IconDots size={18} />} />}
            entries={[
              ...shown.map(({ name, label, Icon }) => ({
                label,
                icon: <Icon size={16} />,
                reason: whyNot(name, role, state.state),
                onSelect: () => void act.run(name),
              })),
              "line" as const,
              placeEntry(id, settings),
            ]}
          />
        ) : (
          <>
            {shown.map(({ name, label, Icon }) => (
              <Button
                key={name}
                size="small"
                kind={name === "start" ? "primary" : "quiet"}
                icon={<Icon size={15} />}
                reason={whyNot(name, role, state.state)}
                onClick={() => void act.run(name)}
              >
                {label}
              </Button>
            ))}
            <PlaceButton id={id} settings={settings} />
          </>
        )}
      </div>
    </InHeader>
  );
}

function PlaceButton({ id, settings }: { id: string; settings: boolean }) {
  return settings ? (
    <Button
      size="small"
      icon={<IconFolder size={15} />}
      renderRoot={(props) => (
        <Link to="/projects/$projectId/files/$" params={{ projectId: id, _splat: "" }} {...props} />
      )}
    >
      Files
    </Button>
  ) : (
    <IconButton
      label="Project settings and people"
      icon={<IconSettings size={18} />}
      renderRoot={(props) => <Link to="/projects/$projectId/settings" params={{ projectId: id }} {...props} />}
    />
  );
}

function placeEntry(id: string, settings: boolean) {
  return settings
    ? {
        label: "Files",
        icon: <IconFolder size={16} />,
        renderRoot: (props: Record<string, unknown>) => (
          <Link to="/projects/$projectId/files/$" params={{ projectId: id, _splat: "" }} {...props} />
        ),
      }
    : {
        label: "Project settings and people",
        icon: <IconSettings size={16} />,
        renderRoot: (props: Record<string, unknown>) => (
          <Link to="/projects/$projectId/settings" params={{ projectId: id }} {...props} />
        ),
      };
}
