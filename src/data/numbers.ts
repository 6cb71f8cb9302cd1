/**
 * What a number looks like: by one grammar for a whole file, so that `1,234` is never one number here and another
 * there.
 */

/** How a file writes its numbers. */
export interface NumberGrammar {
  /** What stands before the fraction. */
  readonly decimal: '.' | ',';
  /**
   * What stands between groups of three digits, if anything: a space is any of those that typists take, an apostrophe
   * also `’`.
   */
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

/**
 * A function that gives the finite number a cell writes, or NaN: with sign and exponent, but neither hexadecimal nor
 * `1_000`.
 */
export function numberReader({ decimal, thousands }: NumberGrammar): (cell: string) => number {
  const point = `\\${decimal}`;
  const plain = new RegExp(`^${SIGN}(?:\\d+(?:${point}\\d*)?|${point}\\d+)(?:e[+-]?\\d+)?$`, 'i');
  const separator = separatorPattern(thousands);
  // Between commas also in lakhs and crores: 12,34,567.
  const groups = `\\d{1,3}(?:${separator}\\d{3})+${thousands === ',' ? '|\\d{1,2}(?:,\\d{2})+,\\d{3}' : ''}`;
  const grouped = thousands === '' ? undefined : new RegExp(`^${SIGN}(?=[1-9])(?:${groups})(?:${point}\\d*)?$`);
  const separators = new RegExp(separator, 'g');
  const fits = (text: string) => plain.test(text) || grouped?.test(text) === true;
  return cell => {
    let text = cell.trim();
    if (!fits(text)) {
      text = withUnit(text)?.number ?? text;
      if (!fits(text)) return Number.NaN;
    }
    if (!plain.test(text)) text = text.replace(separators, '');
    const value = Number(text.replace('−', '-').replace(decimal, '.'));
    return Number.isFinite(value) ? value : Number.NaN;
  };
}

/** An amount of money, or a percentage. */
const WITH_UNIT =
  /^([+\-−]?)(?:([$€£¥₹])[ \u00a0]?)?([+\-−\d.,'’ \u00a0\u2009\u202f]*\d[\d.,]*?)(?:[ \u00a0\u202f]?([%$€£¥₹]))?$/;

/** The number and the unit of a cell that is written with one: `$7.00`, `1.288 €`, `12 %`. */
export function withUnit(cell: string): { readonly number: string; readonly unit: string } | undefined {
  const [, sign = '', before = '', number = '', behind = ''] = WITH_UNIT.exec(cell.trim()) ?? [];
  if ((before === '') === (behind === '')) return undefined;
  return { number: sign + number, unit: before + behind };
}

/** What the number in a cell is written with: '' where that is nothing. */
export function unitOf(cell: string): string {
  return /[%$€£¥₹]/.test(cell) ? (withUnit(cell)?.unit ?? '') : '';
}

/** Whether float64 has this whole number and its neighbours apart no longer. */
export function isUnsafe(whole: bigint): boolean {
  return whole > 2n ** 53n || whole < -(2n ** 53n);
}

const WHOLE = /^[+\-−]?(\d+)$/;
const MOST_EXACT = '9007199254740992';
/**
 * Whole numbers in other writings, to the last of their digits: `9.007199254740993e15`, and with zeros behind the point
 * or in groups.
 */
const SCIENTIFIC = /^[+\-−]?(\d[.,](\d{15,}))e\+?(\d+)$/i;
const WRITTEN_OUT = new RegExp(
  `^${SIGN}(\\d{16,}|\\d{1,3}([.,'’]|${SPACE})\\d{3}(?:\\2\\d{3})+)(?:[.,]0*)?(?:e\\+?0+)?$`,
  'i',
);

/**
 * Whether a cell is a whole number that is no quantity: with leading zeros, as postcodes have, or beyond 2⁵³, where
 * float64 merges neighbours. In scientific notation and the like only those are that float64 does not keep.
 */
export function isIdentifier(cell: string): boolean {
  const digits = WHOLE.exec(cell.trim())?.[1];
  return (digits !== undefined && digits.length > 1 && digits.startsWith('0')) || isBeyond(cell);
}

/** Whether a cell is a whole number beyond 2⁵³. */
export function isBeyond(cell: string): boolean {
  const text = cell.trim();
  if (text.length < MOST_EXACT.length) return false;
  const digits = WHOLE.exec(text)?.[1];
  if (digits === undefined) return isMerged(text);
  return digits.length > 16 || (digits.length === 16 && digits > MOST_EXACT);
}

/** Whether a cell is a whole number, in any writing but the plainest, that float64 would round. */
function isMerged(text: string): boolean {
  const scientific = SCIENTIFIC.exec(text);
  const isToTheLast = scientific !== null && scientific[2]?.length === Number(scientific[3]);
  const written = isToTheLast ? scientific[1] : WRITTEN_OUT.exec(text)?.[1];
  if (written === undefined) return false;
  const digits = BigInt(written.replace(/\D/g, ''));
  return BigInt(Number(digits)) !== digits;
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
  /** `1 234`, and with a fraction behind a point or a comma. */
  | 'spaceGroups'
  | 'spaceGroupsPoint'
  | 'spaceGroupsComma'
  | 'apostropheGroups'
  | 'apostropheGroupsPoint'
  | 'apostropheGroupsComma';

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
  ...groupedBy('space', SPACE),
  ...groupedBy('apostrophe', APOSTROPHE),
  ['list', /^\d+(?:,\d+){2,}$/],
];

function groupedBy(kind: 'space' | 'apostrophe', separator: string): [Shape, RegExp][] {
  const groups = `^${SIGN}[1-9]\\d{0,2}(?:${separator}\\d{3})+`;
  return [
    [`${kind}Groups`, new RegExp(`${groups}$`)],
    [`${kind}GroupsPoint`, new RegExp(`${groups}\\.\\d*$`)],
    [`${kind}GroupsComma`, new RegExp(`${groups},\\d*$`)],
  ];
}

/** What the writing of a cell that is not missing tells. */
export function shapeOf(cell: string): Shape {
  const text = withUnit(cell)?.number ?? cell.trim();
  const first = text.charCodeAt(0);
  // Most texts begin with a letter.
  if (first > 64 && first < 0x2000) return 'text';
  if (isIdentifier(text)) return 'identifier';
  if (WHOLE.test(text)) return 'whole';
  for (const [shape, pattern] of SHAPES) if (pattern.test(text)) return shape;
  return 'text';
}
