import { type Point, pathsOf } from "../lib/sparkline";
import styles from "./Sparkline.module.css";

/** A line without axes: how something went lately. `label` says it to those who do not see it. */
export function Sparkline({ points, label }: { points: readonly Point[]; label: string }) {
  return (
    <svg className={styles.line} viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={label}>
      {pathsOf(points).map((d) => (
        <path key={d} d={d} vectorEffect="non-scaling-stroke" />
      ))}
    </svg>
  );
}
