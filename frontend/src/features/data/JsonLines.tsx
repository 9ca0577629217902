import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { Button } from "../../ui/Button";
import { copyText } from "../../ui/copyText";
import { fail, tell } from "../../ui/toast";
import styles from "./Answer.module.css";
import { json } from "./columns";
import type { Answered } from "./run";

/** The height of a line, as in the style sheet. */
const LINE_PX = 20;

/** Rows as JSON; only the lines near the visible ones are drawn. */
export function JsonLines({ answer }: { answer: Answered }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, one, table } = answer;
  const text = useMemo(() => json(one ? rows[0] : rows, 2), [rows, one]);
  const lines = useMemo(() => text.split("\n"), [text]);
  // oxlint-disable-next-line react/incompatible-library -- there is no compiler that would have to understand it
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 30,
  });
  const copy = async () => {
    if (await copyText(text)) tell("The answer is on the clipboard.");
    else fail("This browser does not let pages use the clipboard.");
  };
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard */}
      <div ref={scroller} className={styles.scroll} tabIndex={0} role="region" aria-label={`Rows of ${table} as JSON`}>
        <pre className={styles.json} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div key={index} className={styles.line} style={{ transform: `translateY(${start}px)` }}>
              {lines[index]}
            </div>
          ))}
        </pre>
      </div>
      <div>
        <Button size="small" onClick={() => void copy()}>
          Copy JSON
        </Button>
      </div>
    </>
  );
}
