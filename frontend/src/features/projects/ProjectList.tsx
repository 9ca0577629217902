import { Link } from "@tanstack/react-router";
import { IconArchive, IconArchiveOff, IconDots, IconSettings } from "@tabler/icons-react";
import { useAction } from "../../live/react";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/IconButton";
import { Menu } from "../../ui/Menu";
import { RelativeTime } from "../../ui/RelativeTime";
import { fail } from "../../ui/toast";
import type { WireError } from "../../wire/types.gen";
import type { Listed } from "./list";
import styles from "./ProjectList.module.css";
import { StateTag } from "./StateTag";
import { useNames } from "./useProject";
import { roleOf, whyNot } from "./words";

/** The most faces beside a project; more are a number. */
const MAX_FACES = 4;

/** Projects, each with the way into it. */
export function ProjectList({ projects, accountId }: { projects: readonly Listed[]; accountId: string | undefined }) {
  const names = useNames();
  return (
    <ul className={styles.list} aria-label="Projects">
      {projects.map((project) => (
        <li key={project.id} className={styles.row}>
          <div className={styles.words}>
            <Link
              to="/projects/$projectId/files/$"
              params={{ projectId: project.id, _splat: "" }}
              className={styles.title}
            >
              {project.title}
            </Link>
            <p className={styles.about}>
              <span>
                Edited <RelativeTime time={project.last_edited} />
              </span>
              {project.description !== "" && <span className={styles.description}>{project.description}</span>}
            </p>
          </div>
          <People ids={Object.keys(project.users)} names={names} />
          <StateTag state={project.state.state} />
          <More project={project} accountId={accountId} />
        </li>
      ))}
    </ul>
  );
}

function People({ ids, names }: { ids: string[]; names: ReadonlyMap<string, string> }) {
  const known = ids.map((id) => names.get(id) ?? "").filter((name) => name !== "");
  if (known.length < 2) return null; // alone: nothing to tell
  return (
    <span className={styles.faces} role="img" aria-label={`People: ${known.join(", ")}`} title={known.join(", ")}>
      {known.slice(0, MAX_FACES).map((name) => (
        <Avatar key={name} name={name} size={26} />
      ))}
      {known.length > MAX_FACES && <span className={styles.more}>+{known.length - MAX_FACES}</span>}
    </span>
  );
}

function More({ project, accountId }: { project: Listed; accountId: string | undefined }) {
  const archive = useAction((store, action: "archive" | "unarchive") =>
    store
      .set("projects", { id: project.id, action_request: { action } }, { optimistic: false })
      .catch((error: WireError) => {
        fail(error.message);
      }),
  );
  const role = roleOf(project.users, accountId) ?? "viewer";
  const { state } = project.state;
  return (
    <span className={styles.menu}>
      <Menu
        trigger={<IconButton label={`More about ${project.title}`} icon={<IconDots size={18} />} />}
        entries={[
          {
            label: "Settings and people",
            icon: <IconSettings size={16} />,
            renderRoot: (props) => (
              <Link to="/projects/$projectId/settings" params={{ projectId: project.id }} {...props} />
            ),
          },
          state === "archived"
            ? {
                label: "Bring back",
                icon: <IconArchiveOff size={16} />,
                reason: whyNot("unarchive", role, state),
                onSelect: () => void archive.run("unarchive"),
              }
            : {
                label: "Archive",
                icon: <IconArchive size={16} />,
                reason: whyNot("archive", role, state),
                onSelect: () => void archive.run("archive"),
              },
        ]}
      />
    </span>
  );
}
