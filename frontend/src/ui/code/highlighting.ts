import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";

/** Colours by custom properties (code.css), which have enough contrast in light and in dark. */
export const highlighting: Extension = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.comment, tags.meta, tags.documentMeta], color: "var(--code-comment)", fontStyle: "italic" },
    { tag: [tags.keyword, tags.tagName, tags.modifier, tags.operatorKeyword], color: "var(--code-keyword)" },
    { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
    { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.literal], color: "var(--code-number)" },
    {
      tag: [tags.definition(tags.variableName), tags.function(tags.variableName), tags.className],
      color: "var(--code-name)",
    },
    { tag: [tags.typeName, tags.namespace, tags.standard(tags.name)], color: "var(--code-type)" },
    { tag: [tags.heading], color: "var(--code-keyword)", fontWeight: "bold" },
    { tag: tags.emphasis, fontStyle: "italic" },
    { tag: tags.strong, fontWeight: "bold" },
    { tag: tags.strikethrough, textDecoration: "line-through" },
    { tag: [tags.link, tags.url], color: "var(--code-link)", textDecoration: "underline" },
    { tag: tags.monospace, color: "var(--code-string)" },
    { tag: tags.invalid, color: "var(--code-invalid)" },
  ]),
);
