/** Texts as the whole numbers that embeddings look up. */
import {
  allProblems,
  checkChoice,
  checkInteger,
  checkOptions,
  quote,
  wrongState,
  wrongType,
  wrongValue,
} from '../errors.js';
import { parseStrictly } from '../files/strictJson.js';
import { isList, isNumberArray } from '../kinds.js';
import { BytePairs, findPairs } from './bytePairs.js';
import { charactersOf, piecesOf, textOfBytes, wordsOf } from './words.js';

const modes = ['words', 'characters', 'bytePairs'] as const;
export type TextMode = (typeof modes)[number];

export interface TextVectorizerOptions {
  /** Places at most, those for padding and for what is unknown among them. */
  readonly vocabulary: number;
  /** Steps of a row: longer texts end there, shorter ones are padded. */
  readonly length: number;
  /** What a step is; `'words'` by default. */
  readonly mode?: TextMode;
}

/** Texts as a network takes them. */
export interface VectorizedTexts {
  /** Row-major texts × length. */
  readonly x: Int32Array;
  /** Steps of each text that are none of padding. */
  readonly lengths: Int32Array;
}

const PADDING = 0;
const UNKNOWN = 1;
/** Places before those of the tokens. */
const OWN_PLACES = 2;
/** Whole numbers that float32 holds, as an embedding has at most. */
const MOST_PLACES = 2 ** 24;
const MOST_STEPS = 2 ** 24;

const fromJsonKeys = ['vocabulary', 'length', 'mode', 'tokens'] as const;

/**
 * Makes whole numbers of texts, by the tokens of the texts that it was fitted on: 0 is padding, 1 whatever is unknown,
 * and tokens have the places from 2 on, the most frequent first. `{ x, lengths }` is what a network with
 * `embedding(vectorizer.size, units)` takes. It is plain data: `JSON.stringify(vectorizer)` and
 * `TextVectorizer.fromJSON`, such as in `model.metadata`, which travels in the model's file.
 */
export class TextVectorizer {
  readonly mode: TextMode;
  /** Steps of a row. */
  readonly length: number;
  readonly #vocabulary: number;
  #tokens: readonly string[] | undefined;
  #places: ReadonlyMap<string, number> = new Map();
  #pairs: BytePairs | undefined;

  /** @internal */
  constructor(where: string, options: TextVectorizerOptions, tokens?: readonly string[]) {
    const { vocabulary, length, mode = 'words' } = options;
    this.#vocabulary = checkInteger(`${where}: vocabulary`, vocabulary, OWN_PLACES + 1, MOST_PLACES);
    this.length = checkInteger(`${where}: length`, length, 1, MOST_STEPS);
    this.mode = checkChoice(`${where}: mode`, mode, modes);
    if (tokens !== undefined) this.#know(tokens);
  }

  /**
   * Reads what `JSON.stringify` wrote.
   *
   * @throws RangeError where it is none of a vectorizer
   */
  static fromJSON(text: string): TextVectorizer {
    const where = 'TextVectorizer.fromJSON';
    if (typeof text !== 'string') throw wrongType(where, 'a text', text, 'give what JSON.stringify wrote');
    const value = parseStrictly(where, text);
    checkOptions(where, value, fromJsonKeys);
    const { tokens, ...options } = value as TextVectorizerOptions & { tokens?: unknown };
    if (tokens === undefined) return new TextVectorizer(where, options);
    if (!isTokens(tokens)) throw wrongType(`${where}: tokens`, 'a list of different texts', tokens);
    const most = options.vocabulary - OWN_PLACES;
    if (tokens.length > most) throw wrongValue(`${where}: tokens`, `at most ${most}`, tokens.length);
    const made = new TextVectorizer(where, options, tokens);
    const isOdd = (token: string) => token === '' || [...token].some(character => character > '\xff');
    const odd = made.mode === 'bytePairs' ? tokens.findIndex(isOdd) : -1;
    if (odd < 0) return made;
    throw wrongValue(`${where}: tokens[${odd}]`, 'bytes, characters up to U+00FF', quote(tokens[odd] ?? ''));
  }

  /** The tokens whose places are 2, 3 and so on; of byte pairs each byte is the character of its number. */
  get tokens(): readonly string[] {
    return this.#fitted('tokens');
  }

  /** Places in use, those of padding and of what is unknown among them: the `vocabulary` of an embedding. */
  get size(): number {
    return this.#fitted('size').length + OWN_PLACES;
  }

  /**
   * Learns the tokens of training texts, the most frequent of them as far as `vocabulary` goes, and gives itself; of
   * equally frequent ones those that come first in the order of code units. Of byte pairs single bytes come first, then
   * what neighbours make that stand together twice and more.
   *
   * @throws RangeError naming all texts that have no token, such as empty ones
   */
  fit(texts: readonly string[]): this {
    const where = 'textVectorizer.fit';
    checkTexts(where, texts);
    const counts = new Map<string, number>();
    const empty: string[] = [];
    for (const [i, text] of texts.entries()) {
      const parts = this.#partsOf(text);
      if (parts.length === 0) empty.push(this.#noToken(`${where}: texts[${i}]`, text).message);
      for (const part of parts) counts.set(part, (counts.get(part) ?? 0) + 1);
    }
    if (empty.length > 0) throw allProblems(empty);
    const most = this.#vocabulary - OWN_PLACES;
    if (this.mode !== 'bytePairs') this.#know(byFrequency(counts).slice(0, most));
    else {
      const bytes = new Map<string, number>();
      for (const [piece, count] of counts) for (const byte of piece) bytes.set(byte, (bytes.get(byte) ?? 0) + count);
      const single = byFrequency(bytes).slice(0, most);
      this.#know([...single, ...findPairs(counts, single, most - single.length)]);
    }
    return this;
  }

  /**
   * Rows of texts, each of `length` steps: `{ x, lengths }`.
   *
   * @throws RangeError naming all texts without any token, such as empty ones, and those none of whose tokens training
   *   had
   */
  vectorize(texts: readonly string[]): VectorizedTexts {
    const where = 'textVectorizer.vectorize';
    checkTexts(where, texts);
    this.#fitted('vectorize');
    const x = new Int32Array(texts.length * this.length).fill(PADDING);
    const lengths = new Int32Array(texts.length);
    const problems: string[] = [];
    for (const [row, text] of texts.entries()) {
      const at = `${where}: texts[${row}]`;
      const places = this.encode(text);
      if (places.length === 0) problems.push(this.#noToken(at, text).message);
      else if (places.every(place => place === UNKNOWN)) problems.push(this.#nothingKnown(at, text).message);
      const kept = places.subarray(0, this.length);
      x.set(kept, row * this.length);
      lengths[row] = kept.length;
    }
    if (problems.length > 0) throw allProblems(problems);
    return { x, lengths };
  }

  /** The places of all tokens of one text, however long it is, and though it have none. */
  encode(text: string): Int32Array {
    if (typeof text !== 'string') throw wrongType('textVectorizer.encode', 'a text', text);
    this.#fitted('encode');
    const parts = this.#partsOf(text);
    if (this.#pairs) return this.#pairs.split(parts).map(place => (place < 0 ? UNKNOWN : place + OWN_PLACES));
    const places = new Int32Array(parts.length);
    for (const [i, token] of parts.entries()) places[i] = this.#places.get(token) ?? UNKNOWN;
    return places;
  }

  /**
   * The text of such places: words with blanks between, characters and bytes as they follow one another. Padding is
   * nothing, and what is unknown U+FFFD.
   *
   * @throws RangeError for a place that it does not have
   */
  decode(places: Iterable<number>): string {
    const where = 'textVectorizer.decode';
    const tokens = this.#fitted('decode');
    if (!isList(places) && !isNumberArray(places)) throw wrongType(where, 'places, such as encode gives', places);
    const shown: string[] = [];
    const all: ArrayLike<unknown> = places;
    for (let i = 0; i < all.length; i++) {
      const place = checkInteger(`${where}: places[${i}]`, all[i], 0, this.size - 1);
      if (place !== PADDING) shown.push(place === UNKNOWN ? this.#unknown : (tokens[place - OWN_PLACES] ?? ''));
    }
    return this.mode === 'bytePairs' ? textOfBytes(shown.join('')) : shown.join(this.mode === 'words' ? ' ' : '');
  }

  toJSON(): TextVectorizerOptions & { readonly tokens?: readonly string[] } {
    const { mode, length } = this;
    const options = { vocabulary: this.#vocabulary, length, mode };
    return this.#tokens === undefined ? options : { ...options, tokens: this.#tokens };
  }

  /** What stands for the unknown: a byte that is none of UTF-8, or the character that stands for such. */
  get #unknown(): string {
    return this.mode === 'bytePairs' ? '\xff' : '\ufffd';
  }

  #know(tokens: readonly string[]): void {
    this.#tokens = Object.freeze([...tokens]);
    this.#places = new Map(tokens.map((token, i) => [token, i + OWN_PLACES]));
    if (this.mode === 'bytePairs') this.#pairs = new BytePairs(tokens);
  }

  #fitted(asked: string): readonly string[] {
    if (this.#tokens !== undefined) return this.#tokens;
    throw wrongState(`textVectorizer.${asked}`, 'a vectorizer that knows tokens', 'a new one', 'call fit(texts) first');
  }

  /** Words, characters, or the pieces within which bytes are joined. */
  #partsOf(text: string): string[] {
    if (this.mode === 'words') return wordsOf(text);
    return this.mode === 'characters' ? charactersOf(text) : piecesOf(text);
  }

  #noToken(at: string, text: string): RangeError {
    const expected = this.mode === 'words' ? 'a text with words' : 'a text with characters';
    return wrongValue(at, expected, text === '' ? 'an empty text' : quote(text), 'leave it out');
  }

  #nothingKnown(at: string, text: string): RangeError {
    const expected = `a text with a ${this.mode === 'words' ? 'word' : 'character'} that training had`;
    return wrongValue(at, expected, quote(text), 'leave it out, or fit on texts like it');
  }
}

/**
 * Makes a {@link TextVectorizer}, which is to be fitted on training texts:
 * `textVectorizer({ vocabulary: 5000, length: 40 }).fit(texts).vectorize(texts)` gives `{ x, lengths }`.
 *
 * Words are runs of letters, digits and marks in lower case, after NFKC; in scripts without blanks between words each
 * letter is one. Characters are code points after NFC. Byte pairs are bytes of UTF-8 after NFC, of which frequent
 * neighbours were joined. Only Unicode's classes decide, so that every runtime gives the same.
 *
 * @throws TypeError for an unknown option, RangeError for a vocabulary below 3 or a length below 1
 */
export function textVectorizer(options: TextVectorizerOptions): TextVectorizer {
  const where = 'textVectorizer';
  checkOptions(where, options, ['vocabulary', 'length', 'mode']);
  return new TextVectorizer(where, options);
}

function isTokens(value: unknown): value is readonly string[] {
  return isList(value) && value.every(token => typeof token === 'string') && new Set(value).size === value.length;
}

function byFrequency(counts: ReadonlyMap<string, number>): string[] {
  const found = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return found.map(([token]) => token);
}

function checkTexts(where: string, texts: unknown): asserts texts is readonly string[] {
  const expected = 'a list of texts';
  if (!isList(texts)) {
    throw wrongType(where, expected, texts, typeof texts === 'string' ? 'give [text] for one' : undefined);
  }
  if (texts.length === 0) throw wrongValue(where, expected, 'none');
  for (let i = 0; i < texts.length; i++) {
    if (typeof texts[i] !== 'string') throw wrongType(`${where}: texts[${i}]`, 'a text', texts[i]);
  }
}
