import { Tag } from "../../ui/Tag";
import { usePaced } from "../../ui/usePaced";
import { lookOf, type State } from "./words";

/** How long each state is seen at least: a restart takes less than a tenth of a second. */
const STEP_MS = 450;

/** Whether a project runs. */
export function StateTag({ state }: { state: State }) {
  const { word, tone, busy } = lookOf(usePaced(state, STEP_MS));
  return (
    <Tag tone={tone} busy={busy}>
      {word}
    </Tag>
  );
}
