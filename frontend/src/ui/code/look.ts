import { EditorView } from "@codemirror/view";
import type { Extension } from "@codemirror/state";
import "./code.css";

/** How the editor looks; colours are custom properties of code.css, so that light and dark are decided there. */
export const look: Extension = EditorView.theme({
  "&": { height: "100%", color: "var(--editor-text)", backgroundColor: "var(--editor-background)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace",
    lineHeight: "1.5",
    overflow: "auto",
  },
  ".cm-content": { caretColor: "var(--editor-text)", paddingBottom: "40vh" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--editor-text)", borderLeftWidth: "2px" },
  ".cm-gutters": {
    color: "var(--editor-gutter)",
    backgroundColor: "var(--editor-background)",
    borderRight: "1px solid var(--editor-border)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--editor-line)" },
  ".cm-activeLineGutter": { color: "var(--editor-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--editor-selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--editor-match)" },
  ".cm-searchMatch": { backgroundColor: "var(--editor-match)", outline: "1px solid var(--editor-border)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--editor-match-selected)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--editor-match)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "transparent", color: "var(--code-invalid)" },
  ".cm-panels": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-panel)",
    fontFamily: "system-ui, sans-serif",
  },
  ".cm-panels-top": { borderBottom: "1px solid var(--editor-border)" },
  ".cm-panel.cm-search": { padding: "6px 28px 6px 8px", fontSize: "14px" },
  ".cm-panel.cm-search label": { fontSize: "13px", whiteSpace: "nowrap" },
  ".cm-panel.cm-search [name=close]": { fontSize: "20px", padding: "0 8px" },
  ".cm-textfield": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-background)",
    border: "1px solid var(--editor-gutter)",
    borderRadius: "4px",
    padding: "4px 6px",
    fontSize: "14px",
  },
  ".cm-button": {
    color: "var(--editor-text)",
    backgroundImage: "none",
    backgroundColor: "var(--editor-background)",
    border: "1px solid var(--editor-gutter)",
    borderRadius: "4px",
    padding: "4px 10px",
    fontSize: "13px",
  },
  ".cm-tooltip": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-panel)",
    border: "1px solid var(--editor-border)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-selection)",
  },
  ".cm-foldPlaceholder": {
    color: "var(--editor-text)",
    backgroundColor: "var(--editor-panel)",
    borderColor: "var(--editor-border)",
  },
});
