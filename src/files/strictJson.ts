import { describe, wrongValue } from '../errors.js';

const DAMAGED = 'the file is damaged or not a .safetensors file';

/** The error for a file that breaks a rule of its format. */
export function badFile(where: string, expected: string, got: string | number, mend: string = DAMAGED): RangeError {
  return wrongValue(where, expected, got, mend);
}

/** A lone half of a surrogate pair, which UTF-8 cannot hold. */
export const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads JSON from left to right, strictly: the caller says what must come next, anything else is a RangeError.
 *
 * `JSON.parse` will not do for a file from a stranger: it keeps the last of two equal keys in silence, rounds large
 * numbers, and builds whatever is nested however deep. Here nothing nests deeper than the caller asks for.
 */
export class StrictJson {
  readonly #where: string;
  readonly #text: string;
  readonly #mend: string;
  #at = 0;

  constructor(where: string, text: string, mend = DAMAGED) {
    this.#where = where;
    this.#text = text;
    this.#mend = mend;
  }

  /** `{ key: value, … }`, `most` at most: calls `onKey` before each value, which it must read. No key comes twice. */
  object(most: number, onKey: (key: string) => void): void {
    const seen = new Set<string>();
    this.#series('{', '}', `at most ${most} keys in an object`, most, () => {
      const key = this.string();
      if (seen.has(key)) throw this.#bad('every key once', `${describe(key)} twice in one object`);
      seen.add(key);
      this.#expect(':');
      onKey(key);
    });
  }

  /** `[ 1, 2, … ]`: whole numbers, `most` at most. */
  integers(most: number): number[] {
    const list: number[] = [];
    const expected = `at most ${most} numbers in a list`;
    this.#series('[', ']', expected, most, () => list.push(this.#integer()), 'a list of whole numbers');
    return list;
  }

  /** `"text"`, with JSON's escapes. */
  string(): string {
    this.#expect('"', 'a string');
    const start = this.#at - 1;
    for (let char = this.#text[this.#at]; char !== '"'; char = this.#text[this.#at]) {
      if (char === undefined) throw this.#unexpected("a closing '\"'");
      this.#at += char === '\\' ? 2 : 1;
    }
    this.#at++;
    const token = this.#text.slice(start, this.#at);
    const value = decodeString(token);
    if (value === undefined)
      throw this.#bad('a string with valid characters and escapes', describe(token.slice(1, -1)));
    return value;
  }

  /** Anything that JSON can say, objects and lists nested at most `depth` deep. */
  value(depth: number): unknown {
    this.#skipSpace();
    const char = this.#text[this.#at];
    if (char === '"') return this.string();
    if (char !== '{' && char !== '[') return this.#literal();
    if (depth === 0) throw this.#unexpected('fewer objects and lists within one another');
    if (char === '{') {
      // Not by assignment, to which '__proto__' is no key like others.
      const members: [string, unknown][] = [];
      this.object(Infinity, key => void members.push([key, this.value(depth - 1)]));
      return Object.fromEntries(members);
    }
    const list: unknown[] = [];
    this.#series('[', ']', '', Infinity, () => list.push(this.value(depth - 1)));
    return list;
  }

  #literal(): unknown {
    const token = this.#match(LITERAL);
    const value = token === undefined ? undefined : this.literal(token);
    if (token === undefined || value === undefined) throw this.#unexpected('a value other than null');
    this.#at += token.length;
    return value;
  }

  /**
   * What a number or a word means; undefined where it is refused, as `null` is: it is what JavaScript writes for NaN,
   * and would count as a setting left out.
   */
  protected literal(token: string): unknown {
    return token === 'null' ? undefined : JSON.parse(token);
  }

  /** The end of the text; only spaces may come before it. */
  end(): void {
    while (this.#text[this.#at] === ' ') this.#at++;
    if (this.#at < this.#text.length) throw this.#unexpected('nothing but spaces after the last }');
  }

  /** Digits alone: no sign, fraction, exponent or leading zero, and nothing above 2^53 − 1. */
  #integer(): number {
    this.#skipSpace();
    const token = this.#match(DIGITS);
    const value = Number(token);
    const isWhole = Number.isSafeInteger(value) && String(value) === token;
    if (!isWhole) throw this.#unexpected('a whole number from 0 to 2^53 - 1');
    this.#at += token.length;
    return value;
  }

  /** What begins here and is of that kind. */
  #match(kind: RegExp): string | undefined {
    kind.lastIndex = this.#at;
    return kind.exec(this.#text)?.[0];
  }

  /** Members between two brackets, `most` at most, each of which `read` must read. */
  #series(open: string, close: string, limit: string, most: number, read: () => void, expected?: string): void {
    this.#expect(open, expected);
    if (this.#take(close)) return;
    let count = 0;
    do {
      if (count++ === most) throw this.#unexpected(limit);
      read();
    } while (this.#take(','));
    this.#expect(close, `',' or '${close}'`);
  }

  #expect(char: string, expected = `'${char}'`): void {
    if (!this.#take(char)) throw this.#unexpected(expected);
  }

  #take(char: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (let char = this.#text[this.#at]; char !== undefined && ' \n\r\t'.includes(char); char = this.#text[this.#at]) {
      this.#at++;
    }
  }

  #unexpected(expected: string): RangeError {
    const char = this.#text[this.#at];
    const got = char === undefined ? 'the end of the text' : `${describe(char)} at character ${this.#at}`;
    return this.#bad(expected, got);
  }

  #bad(expected: string, got: string): RangeError {
    return badFile(this.#where, expected, got, this.#mend);
  }
}

/** JSON's numbers (RFC 8259, section 6) and words. */
const LITERAL = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y;
const DIGITS = /\d+/y;
/** Deeper than anything that this package writes. */
const MOST_DEPTH = 32;

/** What JSON text from a file says; no key comes twice in one object, at any depth. */
export function parseStrictly(where: string, text: string): unknown {
  const json = new StrictJson(where, text, 'the file is damaged');
  const value = json.value(MOST_DEPTH);
  json.end();
  return value;
}

/** The text of a JSON string between its quotation marks, or undefined where it breaks JSON's or Unicode's rules. */
function decodeString(token: string): string | undefined {
  try {
    const value = String(JSON.parse(token));
    return LONE_SURROGATE.test(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
