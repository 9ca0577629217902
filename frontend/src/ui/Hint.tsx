import "@mantine/core/styles/Tooltip.css";
import { Tooltip } from "@mantine/core";
import { Children, type ReactElement, type ReactNode } from "react";

/** A short text beside its first child while that is pointed at or focused. Other children stand behind it. */
export function Hint({ text, children }: { text: string; children: ReactNode }) {
  const [target, ...rest] = Children.toArray(children);
  return (
    <>
      <Tooltip
        label={text}
        withArrow
        openDelay={400}
        multiline
        maw={280}
        events={{ hover: true, focus: true, touch: true }}
        color="dark.6"
        c="white"
      >
        {target as ReactElement}
      </Tooltip>
      {rest}
    </>
  );
}
