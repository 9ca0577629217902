/** What an editor of code is told about its text: pure data, so that who finds it out needs no editor. */

export interface Range {
  from: number;
  to: number;
}

/** What is wrong with a part of the text. */
export interface Problem extends Range {
  message: string;
}

/** One way to go on. */
export interface Choice {
  label: string;
  /** A few words at the right. */
  detail?: string;
  /** A sentence at the side. */
  info?: string;
  /** What is put in the place of what was typed. */
  insert: string;
  /** Where the caret goes, from the beginning of what is inserted; to its end if missing. */
  caret?: number;
}

/** What could stand in a part of the text. */
export interface Choices extends Range {
  choices: readonly Choice[];
}

/** What something in the text means. */
export interface Meaning {
  title: string;
  text: string;
}

export interface Coding {
  complete(text: string, caret: number): Choices | undefined;
  describe?(text: string, at: number): Meaning | undefined;
}
