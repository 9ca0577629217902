import { type Extension, type Range, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate, WidgetType } from "@codemirror/view";
import type { Text } from "yjs";
import { decodeSpan, type Person } from "./cursors";

/** Says who is in the document now. */
export const setPeople = StateEffect.define<readonly Person[]>();

const people = StateField.define<readonly Person[]>({
  create: () => [],
  update: (before, transaction) =>
    transaction.effects.reduce((now, effect) => (effect.is(setPeople) ? effect.value : now), before),
});

/**
 * Shows the carets and selections of others, with their names. Positions are
 * worked out anew after every change of the text or of the people, so a caret
 * whose words have not arrived yet appears with them.
 */
export function remoteCarets(text: Text): Extension {
  const plugin = ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;

      constructor(view: EditorView) {
        this.decorations = decorate(view, text);
      }

      update(update: ViewUpdate) {
        if (update.docChanged || update.startState.field(people) !== update.state.field(people)) {
          this.decorations = decorate(update.view, text);
        }
      }
    },
    { decorations: (value) => value.decorations },
  );
  return [people, plugin];
}

function decorate(view: EditorView, text: Text): DecorationSet {
  const length = view.state.doc.length;
  const ranges: Range<Decoration>[] = [];
  for (const person of view.state.field(people)) {
    for (const caret of person.carets) {
      const span = decodeSpan(text, caret.position);
      if (!span || span.anchor > length || span.head > length) continue;
      const [from, to] = span.anchor < span.head ? [span.anchor, span.head] : [span.head, span.anchor];
      if (from < to) ranges.push(Decoration.mark({ class: `cm-person cm-person-${person.colour}` }).range(from, to));
      const widget = new Caret(person.name, person.colour, `${caret.id}:${span.head}`);
      ranges.push(Decoration.widget({ widget, side: span.head < span.anchor ? -1 : 1 }).range(span.head));
    }
  }
  return RangeSet.of(ranges, true);
}

/** A thin line with a flag; the flag fades when the caret has stood still for some seconds (style sheet). */
class Caret extends WidgetType {
  constructor(
    private readonly name: string,
    private readonly colour: number,
    private readonly place: string,
  ) {
    super();
  }

  override eq(other: Caret): boolean {
    return other.place === this.place && other.name === this.name;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = `cm-caret cm-caret-${this.colour}`;
    caret.setAttribute("aria-hidden", "true"); // who is here is said in the list above the text
    caret.dataset["name"] = this.name; // drawn by the style sheet, so that it is no part of the text of the line
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}
