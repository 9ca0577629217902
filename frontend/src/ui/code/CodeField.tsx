import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import { type AttachedCode, attachCode } from "./attachCode";
import styles from "./CodeField.module.css";
import type { Coding, Problem } from "./coding";

/** What may be done to a field of code from outside. */
export type CodeHandle = Pick<AttachedCode, "replace" | "focus">;

export interface CodeFieldProps extends Coding {
  label: string;
  /** What is in it at first; later texts are put in by the handle. */
  initial: string;
  problems: readonly Problem[];
  /** Its least and greatest height. */
  lines: readonly [number, number];
  onChange(text: string): void;
  onRun(): void;
  ref?: Ref<CodeHandle>;
}

/** A field for JSON with completion and marks for what is wrong. */
export function CodeField({ ref, ...props }: CodeFieldProps) {
  const host = useRef<HTMLDivElement>(null);
  const code = useRef<AttachedCode>(undefined);
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  useLayoutEffect(() => {
    if (!host.current) return;
    const attached = attachCode(host.current, {
      text: latest.current.initial,
      label: latest.current.label,
      complete: (text, caret) => latest.current.complete(text, caret),
      describe: (text, at) => latest.current.describe?.(text, at),
      onChange: (text) => latest.current.onChange(text),
      onRun: () => latest.current.onRun(),
    });
    code.current = attached;
    return () => attached.detach();
  }, []);
  useEffect(() => code.current?.mark(props.problems), [props.problems]);
  useImperativeHandle(
    ref,
    () => ({
      replace: (text, caret) => code.current?.replace(text, caret),
      focus: () => code.current?.focus(),
    }),
    [],
  );
  const [least, greatest] = props.lines;
  return (
    <div
      ref={host}
      className={styles.field}
      style={{ minHeight: `${least * 1.5 + 1.2}em`, maxHeight: `${greatest * 1.5 + 1.2}em` }}
    />
  );
}
