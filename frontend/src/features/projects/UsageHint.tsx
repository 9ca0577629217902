import { Link } from "@tanstack/react-router";
import { IconAlertTriangle } from "@tabler/icons-react";
import { rowsOf } from "../../live/live";
import { Hint } from "../../ui/Hint";
import { Tag } from "../../ui/Tag";
import styles from "./ProjectStatus.module.css";
import { pressing } from "./usage";
import { useUsage } from "./useUsage";

/** Beside the state of a project: what it has nearly used up. Nothing while there is enough. */
export function UsageHint({ projectId, short }: { projectId: string; short: boolean }) {
  const usage = rowsOf(useUsage(projectId))[0];
  const gauge = usage && pressing(usage);
  if (!gauge) return null;
  const { label, text, word, level, advice } = gauge;
  const tone = level === "full" ? "danger" : "warn";
  return (
    <Hint text={`${text}. ${advice}`}>
      <Link
        to="/projects/$projectId/settings"
        params={{ projectId }}
        className={styles.tag}
        aria-label={`${label}: ${word?.toLowerCase()}, ${text}`}
      >
        {short ? (
          <IconAlertTriangle size={18} className={styles.alert} data-tone={tone} aria-hidden />
        ) : (
          <Tag tone={tone}>
            {label}: {word?.toLowerCase()}
          </Tag>
        )}
      </Link>
    </Hint>
  );
}
