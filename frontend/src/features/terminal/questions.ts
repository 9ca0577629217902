import type { IDisposable, IParser } from "@xterm/xterm";

/**
 * Keeps a screen from answering what programs ask the terminal (where is the
 * caret, what are you, what colours) unless mayAnswer says so at the moment of
 * reading the question. Each question is answered once, by one screen, and
 * never again when old output is shown (T6).
 *
 * xterm answers while it parses; a handler that returns true ends the search
 * before its own.
 */
export function muteQuestions(parser: IParser, mayAnswer: () => boolean): IDisposable {
  const mute = () => !mayAnswer();
  const muteQuery = (data: string) => data.includes("?") && !mayAnswer(); // else it sets a colour
  const handlers = [
    ...[{ final: "n" }, { prefix: "?", final: "n" }].map((id) => parser.registerCsiHandler(id, mute)), // status
    ...["", ">", "="].map((prefix) => parser.registerCsiHandler({ prefix, final: "c" }, mute)), // attributes
    ...["", "?"].map((prefix) => parser.registerCsiHandler({ prefix, intermediates: "$", final: "p" }, mute)), // modes
    parser.registerCsiHandler({ final: "t" }, mute), // size of the window
    parser.registerCsiHandler({ prefix: ">", final: "q" }, mute), // version
    parser.registerDcsHandler({ intermediates: "$", final: "q" }, mute), // settings
    parser.registerDcsHandler({ intermediates: "+", final: "q" }, mute), // terminfo
    parser.registerEscHandler({ final: "Z" }, mute), // attributes, old form
    ...[4, 10, 11, 12].map((ident) => parser.registerOscHandler(ident, muteQuery)), // colours
  ];
  return {
    dispose: () => {
      for (const handler of handlers) handler.dispose();
    },
  };
}
