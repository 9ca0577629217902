import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import {
  createAbsolutePositionFromRelativePosition,
  createRelativePositionFromTypeIndex,
  decodeRelativePosition,
  encodeRelativePosition,
  type Text,
} from "yjs";

/** Somebody's selection, as offsets in the text; head is where the caret stands. */
export interface Span {
  anchor: number;
  head: number;
}

/**
 * A selection as bytes for a row of `cursors`: two positions relative to the
 * text, so that they stay where they belong while others type.
 */
export function encodeSpan(text: Text, { anchor, head }: Span): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const index of [anchor, head]) {
    encoding.writeVarUint8Array(encoder, encodeRelativePosition(createRelativePositionFromTypeIndex(text, index)));
  }
  return encoding.toUint8Array(encoder);
}

/**
 * Where a selection is in the text now; undefined when it is of something that
 * has not arrived yet, or when the bytes, which another browser wrote, say nothing.
 */
export function decodeSpan(text: Text, position: Uint8Array): Span | undefined {
  if (text.doc === null) return undefined;
  try {
    const decoder = decoding.createDecoder(position);
    const [anchor, head] = [0, 1].map(() => {
      const relative = decodeRelativePosition(decoding.readVarUint8Array(decoder));
      const absolute = text.doc && createAbsolutePositionFromRelativePosition(relative, text.doc);
      return absolute?.type === text ? absolute.index : undefined;
    });
    return anchor === undefined || head === undefined ? undefined : { anchor, head };
  } catch {
    return undefined;
  }
}

/** How many colours there are for people; each is a class `person-0` … in the style sheet. */
export const PEOPLE_COLOURS = 8;

/** The colour of an account: the same in every browser, chosen here so that no row can bring a style of its own. */
export function colourOf(accountId: string): number {
  let sum = 0;
  for (let at = 0; at < accountId.length; at++) sum = (sum * 31 + accountId.charCodeAt(at)) >>> 0;
  return sum % PEOPLE_COLOURS;
}

/** One person in a document; several tabs of one account are one person with several carets. */
export interface Person {
  accountId: string;
  name: string;
  colour: number;
  /** Empty while the person has the document open without having been in the text. */
  carets: { id: string; position: Uint8Array }[];
}

/** A row of the table `cursors`. */
export interface CursorRow {
  id: string;
  account_id: string;
  name?: string;
  position?: Uint8Array;
}

/** Who is here, by name, without this tab itself. */
export function peopleOf(rows: readonly CursorRow[], ownId: string): Person[] {
  const people = new Map<string, Person>();
  for (const row of rows) {
    if (row.id === ownId) continue;
    const { account_id: accountId } = row;
    const person = people.get(accountId) ?? {
      accountId,
      name: row.name === undefined || row.name === "" ? "Somebody" : row.name,
      colour: colourOf(accountId),
      carets: [],
    };
    if (row.position !== undefined) person.carets.push({ id: row.id, position: row.position });
    people.set(accountId, person);
  }
  return [...people.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}
