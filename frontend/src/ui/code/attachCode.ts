import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  type Completion,
  type CompletionContext,
  completionKeymap,
  type CompletionResult,
  insertCompletionText,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import { drawSelection, EditorView, hoverTooltip, keymap } from "@codemirror/view";
import type { Choice, Coding, Meaning, Problem } from "./coding";
import { highlighting } from "./highlighting";
import { look } from "./look";

export interface CodeSource extends Coding {
  text: string;
  /** The name a screen reader says. */
  label: string;
  onChange(text: string): void;
  /** Ctrl-Enter or Cmd-Enter. */
  onRun(): void;
}

export interface AttachedCode {
  /** Puts another text in, which can be taken back; the caret goes where it is told, or to the end. */
  replace(text: string, caret?: number): void;
  mark(problems: readonly Problem[]): void;
  focus(): void;
  detach(): void;
}

/** Shows a JSON text in host. Tab leaves it, as any other field; Ctrl-Enter runs it. */
export function attachCode(host: HTMLElement, source: CodeSource): AttachedCode {
  host.classList.add("lyceum-code");
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: source.text,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (source.onRun(), true) }])),
        Prec.high(keymap.of([{ key: "Tab", run: acceptCompletion }])),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
        history(),
        drawSelection(),
        small, // before look: what comes first wins
        look,
        json(),
        highlighting,
        indentUnit.of("  "),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        EditorView.lineWrapping,
        autocompletion({
          override: [(context) => completions(source, context)],
          icons: false,
          interactionDelay: 0,
          activateOnTypingDelay: 20,
        }),
        hoverTooltip((editor, at) => tooltip(source.describe?.(editor.state.doc.toString(), at), at)),
        EditorView.contentAttributes.of({
          tabindex: "0", // it can be reached anyway, but tools that check pages do not know this of editable text
          "aria-label": source.label,
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) source.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    replace: (text, caret = text.length) =>
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: Math.min(caret, text.length) },
        scrollIntoView: true,
      }),
    mark: (problems) => view.dispatch(setDiagnostics(view.state, diagnostics(problems, view.state.doc.length))),
    focus: () => view.focus(),
    detach: () => {
      host.classList.remove("lyceum-code");
      view.destroy();
    },
  };
}

function completions(source: Coding, context: CompletionContext): CompletionResult | null {
  const text = context.state.doc.toString();
  const found = source.complete(text, context.pos);
  // Without being asked only where something has been begun, by a letter or a bracket.
  if (!found || (!context.explicit && !/["{[\w$-]$/.test(text.slice(0, context.pos)))) return null;
  // filter: what fits has been decided, and quotation marks are part of what was typed.
  return { from: found.from, to: found.to, options: found.choices.map(completion), filter: false };
}

function completion({ label, detail, info, insert, caret }: Choice): Completion {
  return {
    label,
    detail,
    info,
    apply: (view, _, from, to) => {
      const change = insertCompletionText(view.state, insert, from, to);
      const anchor = caret === undefined ? undefined : { selection: { anchor: from + caret } };
      view.dispatch({ ...change, ...anchor });
      // Between brackets or quotes, or behind a colon, the next choice is due.
      if (caret !== undefined || /[: ]$/.test(insert)) startCompletion(view);
    },
  };
}

function tooltip(meaning: Meaning | undefined, pos: number) {
  if (!meaning) return null;
  return {
    pos,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "lyceum-meaning";
      const title = document.createElement("strong");
      title.textContent = meaning.title;
      dom.append(title, document.createTextNode(meaning.text));
      return { dom };
    },
  };
}

function diagnostics(problems: readonly Problem[], length: number) {
  return problems.map(({ from, to, message }) => {
    return { from: Math.min(from, length), to: Math.min(to, length), message, severity: "error" as const };
  });
}

const small: Extension = EditorView.theme({
  ".cm-content": { padding: "8px 0" },
  ".cm-line": { padding: "0 10px" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--code-invalid)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--code-invalid)" },
  ".cm-diagnostic": {
    padding: "6px 10px",
    borderLeftColor: "var(--code-invalid)",
    fontFamily: "system-ui, sans-serif",
  },
  ".lyceum-meaning": {
    display: "flex",
    flexDirection: "column",
    maxWidth: "44ch",
    padding: "6px 10px",
    fontFamily: "system-ui, sans-serif",
    fontSize: "13px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { maxHeight: "16em" },
  ".cm-tooltip-autocomplete ul li": { padding: "2px 10px" },
  ".cm-completionDetail": { color: "var(--editor-gutter)", fontStyle: "normal", marginLeft: "1.2em" },
  ".cm-tooltip.cm-completionInfo": { padding: "6px 10px", maxWidth: "36ch", fontFamily: "system-ui, sans-serif" },
});
