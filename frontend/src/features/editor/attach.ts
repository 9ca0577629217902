import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { yCollab, ySyncAnnotation, yUndoManagerKeymap } from "y-codemirror.next";
import { type Text, UndoManager } from "yjs";
import { highlighting } from "../../ui/code/highlighting";
import { look } from "../../ui/code/look";
import type { Person, Span } from "./cursors";
import "./editor.css";
import { type Language, languageSupport } from "./languages";
import { remoteCarets, setPeople } from "./remoteCarets";

/**
 * The longest text that one act may insert, in UTF-16 units: at three bytes
 * each it stays well under the one MiB that the server takes as one update.
 */
export const MAX_INSERT = 256 * 1024;

/** What of the account's settings the editor follows. */
export interface EditorSettings {
  dark: boolean;
  fontSize: number;
  lineWrapping: boolean;
  lineNumbers: boolean;
  tabSize: number;
}

export interface EditorSource {
  text: Text;
  language: Language;
  /** The name a screen reader says. */
  label: string;
  /** Called when the selection moves, by whatever; undefined when the text loses the focus. */
  onSelect(span: Span | undefined): void;
  /** Called with a sentence when something typed or pasted was not taken. */
  onRefuse(sentence: string): void;
}

export interface AttachedEditor {
  configure(settings: EditorSettings): void;
  setReadOnly(readOnly: boolean): void;
  setPeople(people: readonly Person[]): void;
  focus(): void;
  /** Selects a place, from 1, or the nearest there is, and brings it into view. */
  goTo(line: number, column: number): void;
  detach(): void;
}

/**
 * Shows the text of a document in host and keeps both equal. Undo takes back
 * what was typed here, never what others typed (D10).
 */
export function attachEditor(
  host: HTMLElement,
  source: EditorSource,
  settings: EditorSettings,
  readOnly: boolean,
): AttachedEditor {
  const appearance = new Compartment();
  const editing = new Compartment();
  const language = new Compartment();
  // Only what comes through the editor is tracked: y-codemirror adds its own mark to this empty set.
  const undoManager = new UndoManager(source.text, { trackedOrigins: new Set() });
  let attached = true;
  host.classList.add("lyceum-code");

  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: source.text.toString(),
      extensions: [
        EditorState.lineSeparator.of("\n"), // a "\r" in the text is a character like others; else positions would shift
        keys,
        basics,
        appearance.of(appearanceOf(settings)),
        editing.of(editingOf(readOnly)),
        language.of([]),
        highlighting,
        EditorView.contentAttributes.of({
          tabindex: "0", // it can be reached anyway, but tools that check pages do not know this of editable text
          "aria-label": source.label,
          "aria-description": "Press Escape, then Tab, to leave the editor.",
        }),
        EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, "\n")),
        refuseLarge(source.onRefuse),
        yCollab(source.text, null, { undoManager }),
        remoteCarets(source.text),
        EditorView.updateListener.of((update) => {
          if (!update.selectionSet && !update.docChanged && !update.focusChanged) return;
          const { anchor, head } = update.state.selection.main;
          source.onSelect(update.view.hasFocus ? { anchor, head } : undefined);
        }),
      ],
    }),
  });
  void languageSupport(source.language).then((support) => {
    if (attached) view.dispatch({ effects: language.reconfigure(support) });
  });

  return {
    configure: (next) => view.dispatch({ effects: appearance.reconfigure(appearanceOf(next)) }),
    setReadOnly: (next) => {
      if (next) undoManager.clear(); // taking back is typing, too
      view.dispatch({ effects: editing.reconfigure(editingOf(next)) });
    },
    setPeople: (next) => view.dispatch({ effects: setPeople.of(next) }),
    goTo: (line, column) => {
      const { doc } = view.state;
      const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
      const anchor = Math.min(at.from + Math.max(column, 1) - 1, at.to);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      view.focus();
    },
    focus: () => {
      view.requestMeasure(); // it may have been hidden
      view.focus();
    },
    detach: () => {
      attached = false;
      host.classList.remove("lyceum-code");
      undoManager.destroy();
      view.destroy();
    },
  };
}

const keys: Extension = keymap.of([
  ...closeBracketsKeymap,
  ...yUndoManagerKeymap,
  ...defaultKeymap,
  ...searchKeymap,
  ...foldKeymap,
  ...completionKeymap,
  indentWithTab,
]);

const basics: Extension = [
  highlightSpecialChars(),
  foldGutter(),
  drawSelection(),
  look,
  dropCursor(),
  EditorState.allowMultipleSelections.of(true),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  autocompletion(),
  rectangularSelection(),
  crosshairCursor(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  search({ top: true }),
];

function appearanceOf(settings: EditorSettings): Extension {
  return [
    EditorView.theme({ "&": { fontSize: `${settings.fontSize}px` } }, { dark: settings.dark }),
    settings.lineWrapping ? EditorView.lineWrapping : [],
    settings.lineNumbers ? lineNumbers() : [],
    EditorState.tabSize.of(settings.tabSize),
    indentUnit.of(" ".repeat(settings.tabSize)),
  ];
}

/** A reader keeps caret, selection and search: only changes are off. */
function editingOf(readOnly: boolean): Extension {
  return [EditorState.readOnly.of(readOnly), EditorView.contentAttributes.of({ "aria-readonly": String(readOnly) })];
}

/** Keeps one act from becoming an update that the server must refuse. */
function refuseLarge(onRefuse: (sentence: string) => void): Extension {
  return EditorState.transactionFilter.of((transaction) => {
    if (!transaction.docChanged || transaction.annotation(ySyncAnnotation) !== undefined) return transaction;
    let inserted = 0;
    transaction.changes.iterChanges((_fromA, _toA, _fromB, _toB, text) => (inserted += text.length));
    if (inserted <= MAX_INSERT) return transaction;
    onRefuse("This is too much text for one piece. Please paste it in parts, or upload it as a file.");
    return [];
  });
}
