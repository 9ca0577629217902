import { LanguageSupport, StreamLanguage } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";
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
