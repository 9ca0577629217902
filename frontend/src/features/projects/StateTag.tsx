import { Tag } from "../../ui/Tag";
import { lookOf, type State } from "./words";

/** Whether a project runs. */
export function StateTag({ state }: { state: State }) {
  const { word, tone, busy } = lookOf(state);
  return (
    <Tag tone={tone} busy={busy}>
      {word}
    </Tag>
  );
}
