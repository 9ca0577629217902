import { HighlightStyle, LanguageSupport, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import { extensionOf } from "../../lib/paths";

/** The languages that are highlighted, by the extension of the file's name. */
export type Language = "latex" | "markdown" | "python" | "plain";

const byExtension: Readonly<Record<string, Language>> = {
  tex: "latex",
  sty: "latex",
  cls: "latex",
  ltx: "latex",
  dtx: "latex",
  md: "markdown",
  markdown: "markdown",
  py: "python",
  pyi: "python",
  sage: "python",
};

export function languageOf(path: string): Language {
  return byExtension[extensionOf(path)] ?? "plain";
}

/** In prose a quotation mark is mostly an apostrophe: only brackets are closed by themselves. */
const prose = { closeBrackets: { brackets: ["(", "[", "{"] } };

/** Loads what the editor needs for a language; each is a chunk of its own. */
export async function languageSupport(language: Language): Promise<Extension> {
  switch (language) {
    case "latex": {
      const { stex } = await import("@codemirror/legacy-modes/mode/stex");
      return new LanguageSupport(
        StreamLanguage.define({
          ...stex,
          languageData: { ...stex.languageData, commentTokens: { line: "%" }, ...prose },
        }),
      );
    }
    case "markdown": {
      const { markdown } = await import("@codemirror/lang-markdown");
      return markdown({ completeHTMLTags: false });
    }
    case "python": {
      const { python } = await import("@codemirror/lang-python");
      return python();
    }
    case "plain":
      return EditorState.languageData.of(() => [prose]);
  }
}

/** Colours by custom properties (editor.css), which have enough contrast in light and in dark. */
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
