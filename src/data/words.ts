/**
 * Texts taken apart, by Unicode's classes alone: no dictionary, no locale and no version of ICU has a say in it, so
 * that every engine gives the same for all characters that its Unicode knows.
 */

/** Scripts that set no blanks between words: each of their letters, with its marks, is taken for one. */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map(name => `\\p{sc=${name}}`)
  .join('');
/**
 * What a code point may be of, each a bit. Regular expressions for whole words would do, but end in an error of the
 * engine's own where one is millions of letters long.
 */
const SEEN = 1;
const UNSPACED_SIGN = 2;
const MARK = 4;
const LETTER = 8;
const DIGIT = 16;
const BLANK = 32;
const classes: readonly (readonly [RegExp, number])[] = [
  [new RegExp(`[${UNSPACED}]`, 'u'), UNSPACED_SIGN],
  [/\p{M}/u, MARK],
  [/\p{L}/u, LETTER],
  [/\p{N}/u, DIGIT],
  [/\s/u, BLANK],
];

/** The classes of each code point that was met. */
const met = new Uint8Array(0x110000);

/** The classes of the code point at this place; 0 behind the end. */
function classesAt(text: string, at: number): number {
  const point = text.codePointAt(at);
  if (point === undefined) return 0;
  if (met[point] === 0) {
    const sign = String.fromCodePoint(point);
    met[point] = classes.reduce((all, [pattern, bit]) => (pattern.test(sign) ? all | bit : all), SEEN);
  }
  return met[point] ?? 0;
}

/** Where what is from here on, one code point after the other, ends. */
function endOfRun(text: string, start: number, isWithin: (classes: number) => boolean): number {
  let at = start;
  while (at < text.length && isWithin(classesAt(text, at))) at += widthAt(text, at);
  return at;
}

const widthAt = (text: string, at: number) => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
const isMark = (classes: number) => (classes & MARK) !== 0;
/** Letters, digits and marks of scripts that set blanks between words. */
const isOfWord = (classes: number) => (classes & UNSPACED_SIGN) === 0 && (classes & (LETTER | DIGIT | MARK)) !== 0;

/** Words in lower case; marks of punctuation are between them, but for apostrophes within. */
export function wordsOf(given: string): string[] {
  const text = given.normalize('NFKC').replaceAll('’', "'").toLowerCase();
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = endOfRun(text, at, isOfWord);
    while (end > at && text[end] === "'" && isOfWord(classesAt(text, end + 1))) end = endOfRun(text, end + 1, isOfWord);
    const isUnspaced = end === at && (classesAt(text, at) & UNSPACED_SIGN) !== 0;
    if (isUnspaced) end = endOfRun(text, at + widthAt(text, at), isMark);
    if (end > at) words.push(text.slice(at, end));
    at = end > at ? end : at + widthAt(text, at);
  }
  return words;
}

/** Code points, letters and their marks put together where Unicode has a place for both. */
export function charactersOf(text: string): string[] {
  return [...composed(text)];
}

/** What is half of a character becomes U+FFFD, as it has no UTF-8, and so no place in a file. */
function composed(text: string): string {
  return text.normalize('NFC').replace(/\p{Cs}/gu, '\ufffd');
}

const encoder = new TextEncoder();

/** UTF-8, each byte as the character of its number. */
function bytesOf(text: string): string {
  const bytes = encoder.encode(text);
  // As most are.
  if (bytes.length === text.length) return text;
  return Array.from(bytes, byte => String.fromCharCode(byte)).join('');
}

/** What letters, digits, blanks and other signs are told apart by. */
const kindOf = (classes: number) => (classes & (LETTER | MARK) ? LETTER : classes & (DIGIT | BLANK));

/**
 * The pieces within which bytes are joined: letters, digits or other signs, each with the blank before it; further
 * blanks apart. As GPT-2 cuts, without English endings.
 */
export function piecesOf(given: string): string[] {
  const text = composed(given);
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const behind = kindOf(classesAt(text, at + 1));
    const start = text[at] === ' ' && at + 1 < text.length && behind !== BLANK ? at + 1 : at;
    const kind = kindOf(classesAt(text, start));
    const end = endOfRun(text, start, classes => kindOf(classes) === kind);
    pieces.push(bytesOf(text.slice(at, end)));
    at = end;
  }
  return pieces;
}

/** The text of such bytes; what is no UTF-8, as where one was unknown, becomes U+FFFD. */
export function textOfBytes(bytes: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes, byte => byte.charCodeAt(0)));
}
