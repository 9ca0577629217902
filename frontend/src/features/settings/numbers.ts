/** The bounds of the schema, said here so that a wrong number is told while it is typed. */
export const FONT_SIZES = { min: 8, max: 40 };
export const TAB_SIZES = { min: 1, max: 16 };

/** The whole number that text says, if it is one within bounds. */
export function numberWithin(text: string, { min, max }: { min: number; max: number }): number | undefined {
  if (!/^\d+$/.test(text.trim())) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}
