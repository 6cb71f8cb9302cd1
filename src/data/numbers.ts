/**
 * What a number looks like: by one grammar for a whole file, so that `1,234` is never one number here and another there.
 */

/** How a file writes its numbers. */
export interface NumberGrammar {
  /** What stands before the fraction. */
  readonly decimal: '.' | ',';
  /** What stands between groups of three digits, if anything: a space is any of those that typists take, an apostrophe also `’`. */
  readonly thousands: '' | ',' | '.' | ' ' | "'";
}

/** What CSV files mean where nothing says otherwise. */
export const PLAIN_NUMBERS: NumberGrammar = { decimal: '.', thousands: '' };

const SPACE = '[ \\u00a0\\u2009\\u202f]';
const APOSTROPHE = "['’]";
const SIGN = '[+\\-−]?';

/** The separator of thousands as a pattern. */
function separatorPattern(thousands: NumberGrammar['thousands']): string {
  return thousands === ' ' ? SPACE : thousands === "'" ? APOSTROPHE : `[${thousands}]`;
}

/** A function that gives the finite number a cell writes, or NaN: with sign and exponent, but neither hexadecimal nor `1_000`. */
export function numberReader({ decimal, thousands }: NumberGrammar): (cell: string) => number {
  const point = `\\${decimal}`;
  const plain = new RegExp(`^${SIGN}(?:\\d+(?:${point}\\d*)?|${point}\\d+)(?:e[+-]?\\d+)?$`, 'i');
  const separator = separatorPattern(thousands);
  // Between commas also in lakhs and crores: 12,34,567.
  const groups = `\\d{1,3}(?:${separator}\\d{3})+${thousands === ',' ? '|\\d{1,2}(?:,\\d{2})+,\\d{3}' : ''}`;
  const grouped = thousands === '' ? undefined : new RegExp(`^${SIGN}(?=[1-9])(?:${groups})(?:${point}\\d*)?$`);
  const separators = new RegExp(separator, 'g');
  return cell => {
    let text = cell;
    if (!plain.test(text)) {
      if (grouped === undefined || !grouped.test(text)) return Number.NaN;
      text = text.replace(separators, '');
    }
    const value = Number(text.replace('−', '-').replace(decimal, '.'));
    return Number.isFinite(value) ? value : Number.NaN;
  };
}

const WHOLE = /^[+\-−]?(\d+)$/;
const MOST_EXACT = '9007199254740992';

/** Whether a cell is a whole number that is no quantity: with leading zeros, as postcodes have, or beyond 2⁵³, where float64 merges neighbours. */
export function isIdentifier(cell: string): boolean {
  const digits = WHOLE.exec(cell)?.[1];
  if (digits === undefined) return false;
  if (digits.length > 1 && digits.startsWith('0')) return true;
  return digits.length > 16 || (digits.length === 16 && digits > MOST_EXACT);
}

/** What a cell's writing tells of its file's grammar. */
export type Shape =
  | 'text'
  /** `1,2,3`: a list, so that the `1,2` of its column are lists too. */
  | 'list'
  | 'whole'
  | 'identifier'
  /** `1e5`: a number whatever the separators. */
  | 'plain'
  /** `1.5` */
  | 'point'
  /** `1.234`: 1.234 or 1234. */
  | 'pointOrGroup'
  /** `1,5`: 1.5, or a list of two. */
  | 'comma'
  /** `-1,05`: 1.05 with certainty. */
  | 'surelyComma'
  /** `1,234`: 1.234 or 1234, or a list. */
  | 'commaOrGroup'
  /** `1,234,567` or `1,234.5`, and so on. */
  | 'commaGroups'
  | 'pointGroups'
  | 'spaceGroups'
  | 'apostropheGroups';

const END = '(?:e[+-]?\\d+)?$';
const SHAPES: readonly (readonly [Shape, RegExp])[] = [
  ['plain', new RegExp(`^${SIGN}\\d+e[+-]?\\d+$`, 'i')],
  ['pointOrGroup', new RegExp(`^${SIGN}[1-9]\\d{0,2}\\.\\d{3}$`)],
  ['point', new RegExp(`^${SIGN}(?:\\d+\\.\\d*|\\.\\d+)${END}`, 'i')],
  ['commaOrGroup', new RegExp(`^${SIGN}[1-9]\\d{0,2},\\d{3}$`)],
  ['surelyComma', new RegExp(`^(?:[+\\-−](?:\\d+,\\d*|,\\d+)${END}|\\d+,0\\d+$|\\d*,\\d*e[+-]?\\d+$|,\\d+$)`, 'i')],
  ['comma', /^\d+,\d+$/],
  ['commaGroups', new RegExp(`^${SIGN}[1-9]\\d{0,2}(?:(?:,\\d{3})+\\.\\d*|(?:,\\d{3}){2,})$`)],
  ['commaGroups', new RegExp(`^${SIGN}[1-9]\\d?(?:,\\d{2})+,\\d{3}(?:\\.\\d*)?$`)],
  ['pointGroups', new RegExp(`^${SIGN}[1-9]\\d{0,2}(?:(?:\\.\\d{3})+,\\d*|(?:\\.\\d{3}){2,})$`)],
  ['spaceGroups', new RegExp(`^${SIGN}[1-9]\\d{0,2}(?:${SPACE}\\d{3})+(?:[.,]\\d*)?$`)],
  ['apostropheGroups', new RegExp(`^${SIGN}[1-9]\\d{0,2}(?:${APOSTROPHE}\\d{3})+(?:[.,]\\d*)?$`)],
  ['list', /^\d+(?:,\d+){2,}$/],
];

/** What the writing of a cell that is not missing tells. */
export function shapeOf(cell: string): Shape {
  const first = cell.charCodeAt(0);
  // Most texts begin with a letter.
  if (first > 64 && first < 0x2000) return 'text';
  if (WHOLE.test(cell)) return isIdentifier(cell) ? 'identifier' : 'whole';
  for (const [shape, pattern] of SHAPES) if (pattern.test(cell)) return shape;
  return 'text';
}
