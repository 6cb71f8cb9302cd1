/**
 * The one voice of every error: where, expected, got, how to mend.
 *
 * `TypeError` is for the wrong kind of thing, `RangeError` for the wrong value of the right kind. A message is at most
 * {@link MOST_CHARACTERS} long, however long what was given: what it repeats of that goes through {@link quote}, {@link
 * shorten} or {@link listed}, some forty characters each.
 */

import { CHAINS_ONLY, FORWARD_ONLY } from './forwardOnly.js';
import { isHollow, isLost, isPromise, isRevoked, kindOf } from './kinds.js';
import { nearest } from './nearest.js';

export { nearest } from './nearest.js';

/** Characters of a message. */
export const MOST_CHARACTERS = 300;
/** Characters of one thing that a message repeats, so that two of them are at most 80. */
const MOST_REPEATED = 36;

function sentence(where: string, expected: string, got: string, mend?: string): string {
  const end = mend === undefined ? '' : `; ${mend}`;
  // What is cut, should all of it be too long, is the middle: where it was and how to mend it stay.
  const room = Math.max(MOST_CHARACTERS - end.length, MOST_CHARACTERS / 2);
  return shorten(shorten(`${where}: expected ${expected}, got ${got}`, room) + end, MOST_CHARACTERS);
}

/** The wrong kind of thing was given: `got` itself. */
export function wrongType(where: string, expected: string, got: unknown, mend?: string): TypeError {
  return wrongKind(where, expected, describe(got), unwrapping(got) ?? mend);
}

/** How to come by what is meant, where a Proxy stands before it. */
export const UNWRAP = 'give what it wraps, such as toRaw(…) of it in Vue';

/** How to come by what is meant, where it is inside of something else. */
export function unwrapping(value: unknown): string | undefined {
  if (isPromise(value)) return 'await it first';
  if (isRevoked(value)) return 'copy what it wraps before it is revoked';
  return isHollow(value) ? UNWRAP : undefined;
}

/** The same, with what was given in words. */
export function wrongKind(where: string, expected: string, got: string, mend?: string): TypeError {
  return new TypeError(sentence(where, expected, got, mend));
}

/** The right kind of thing with the wrong value was given. */
export function wrongValue(where: string, expected: string, got: string | number, mend?: string): RangeError {
  return new RangeError(sentence(where, expected, String(got), mend));
}

/** What was asked for cannot be had now, or here. */
export function wrongState(where: string, expected: string, got: string, mend?: string): Error {
  return new Error(sentence(where, expected, got, mend));
}

/** An error with the place where it came up before its message, and the mend behind it; it is the new one's `cause`. */
export function placed(where: string, cause: unknown, mend?: string): RangeError {
  const end = mend === undefined ? '' : `; ${mend}`;
  const message = shorten(`${where}: ${messageOf(cause)}`, MOST_CHARACTERS - end.length);
  return new RangeError(message + end, { cause });
}

/** Where what a bundle of chains leaves out is. */
const ELSEWHERE = `import Model from 'myelin/predict'`;

/** A bundle of chains leaves out what was given, or asked for. */
export function leftOut(where: string, got: string): TypeError {
  return wrongKind(where, `what 'myelin/predict/chains' has`, got, ELSEWHERE);
}

/** Whether it is such an error, which says how to mend it. */
export function isLeftOut(error: unknown): boolean {
  return CHAINS_ONLY && messageOf(error).endsWith(ELSEWHERE);
}

const divergences = new WeakSet<object>();

/** Marks the error of a training whose numbers grew beyond all bounds. */
export function divergence<E extends Error>(error: E): E {
  divergences.add(error);
  return error;
}

/** Whether it is such an error: of many trainings, the others may go on. */
export function isDivergence(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && divergences.has(error);
}

/** What was thrown, in words. It may come from another realm, and need not be an error. */
export function messageOf(thrown: unknown): string {
  const { message } = (thrown ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : describe(thrown);
}

/** Problems shown in one message. */
const MOST_PROBLEMS = 3;

/**
 * One error for everything that is wrong with what was given: its message has the first three problems and their count,
 * `problems` all of them, each a whole sentence such as the message of {@link wrongValue}'s error.
 */
export function allProblems(problems: readonly string[]): RangeError & { readonly problems: readonly string[] } {
  const [only = ''] = problems;
  const room = Math.floor(252 / Math.min(problems.length, MOST_PROBLEMS));
  const shown = problems.slice(0, MOST_PROBLEMS).map(problem => shorten(problem.replace(CUT_TEXT, '$1…'), room));
  const message = problems.length < 2 ? only : `${problems.length} problems: ${shown.join(' · ')}`;
  const rest = problems.length > MOST_PROBLEMS ? ` · and ${problems.length - MOST_PROBLEMS} more` : '';
  // Not enumerable, as an error's cause: engines would print it beside the message.
  return Object.defineProperty(new RangeError(message + rest), 'problems', { value: problems }) as RangeError & {
    readonly problems: readonly string[];
  };
}

/** What {@link quote} has cut already, to be cut further where there are several. */
const CUT_TEXT = /(?<=['"])([^'"…]{1,8})[^'"…]*…[^'"]*(?=['"])/g;

/** Text of the user's in a message: `'so'`. */
export function quote(text: string): string {
  return `'${shorten(text)}'`;
}

/** Some things of the user's in a message, as many as there is room for: `a, b and 7 more`. */
export function listed(
  things: readonly (string | number)[],
  write: (text: string) => string = text => shorten(text),
): string {
  const shown: string[] = [];
  let length = 0;
  for (const thing of things.slice(0, MOST_REPEATED)) {
    const word = write(String(thing).slice(0, MOST_REPEATED + 1));
    length += word.length + 2;
    if (length > MOST_REPEATED && shown.length > 0) break;
    shown.push(word);
  }
  const rest = things.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/**
 * Text on one line, with nothing in it that a terminal would obey, and of more than `most` characters the two ends
 * alone.
 */
export function shorten(text: string, most = MOST_REPEATED): string {
  if (text.length <= most) {
    const whole = printable(text);
    if (whole.length <= most) return whole;
  }
  const room = most - 1;
  const start = fitting([...text.slice(0, room)], Math.ceil(room / 2));
  const end = fitting([...text.slice(-room)].reverse(), Math.floor(room / 2));
  return `${start.join('')}…${end.reverse().join('')}`;
}

/** The first of some characters, made printable, as many as there is room for. */
function fitting(characters: readonly string[], room: number): string[] {
  const shown: string[] = [];
  let length = 0;
  for (const character of characters) {
    const word = printable(character);
    length += word.length;
    if (length > room) break;
    shown.push(word);
  }
  return shown;
}

/** Text with what is no letter, mark or plain space of its own written as its number. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, character =>
    character === '\n' ? '\\n' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** A few words for any value, for the «got» of a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return shorten(JSON.stringify(value.slice(0, 4 * MOST_REPEATED)), MOST_REPEATED + 2);
  if (typeof value === 'bigint') return `${shorten(value.toString())}n`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  return describeObject(value);
}

/** Objects are known by their tag, for `instanceof` knows those of one realm alone. */
function describeObject(value: object): string {
  if (isRevoked(value)) return 'a Proxy that was revoked';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isPromise(value)) return 'a Promise';
  if (isHollow(value)) return `a Proxy of ${withArticle(value.constructor?.name ?? 'an array or a Map')}`;
  const kind = kindOf(value);
  if (kind === 'Object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an object without keys' : `an object with keys [${listed(keys)}]`;
  }
  const a = withArticle(kind);
  if (isLost(value)) return `${a} without its memory: it is detached, or has shrunk`;
  const { byteLength, size } = value as { byteLength?: unknown; size?: unknown };
  if (typeof byteLength === 'number') return `${a} of ${byteLength} bytes`;
  return typeof size === 'number' ? `${a} of ${size}` : a;
}

function withArticle(name: string): string {
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${shorten(name)}`;
}

/** «; did you mean 'x'?» or the list of what is known: short where all that there is to name is how to load a model. */
export function suggestion(word: string, known: readonly string[]): string {
  const close = FORWARD_ONLY ? undefined : nearest(word, known);
  return close === undefined ? `known: ${known.join(', ')}` : `did you mean ${quote(close)}?`;
}

/** Refuses anything but an object whose keys are all among `known`. */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  // By their tag: a Map or a Set has no keys, and would pass for an object without options. A module has what it
  // exports.
  if (!/^(Object|Module)$/.test(kindOf(options)) || isHollow(options)) {
    throw wrongType(where, `an object with options among [${known.join(', ')}]`, options);
  }
  for (const key of keysOf(options as object)) {
    if (!known.includes(key)) {
      const mend = known.length === 0 ? 'it takes none' : suggestion(key, known);
      throw wrongKind(where, 'known options only', quote(key), mend);
    }
  }
}

/**
 * An object's enumerable keys, and those it inherits from what is no class's own prototype: of
 * `Object.create(defaults)` the defaults too.
 */
function keysOf(options: object): string[] {
  const keys = Object.keys(options);
  let above: object | null = Object.getPrototypeOf(options);
  // The last of the chain is the language's, whatever pages have put on it.
  while (above !== null && Object.getPrototypeOf(above) !== null) {
    keys.push(...Object.keys(above));
    above = Object.getPrototypeOf(above);
  }
  return keys;
}

/** Refuses a word that is not among `known`, and names the nearest. */
export function checkChoice<T extends string>(where: string, word: unknown, known: readonly T[]): T {
  if (typeof word !== 'string') throw wrongType(where, `one of ${known.join(', ')}`, word);
  const found = known.find(candidate => candidate === word);
  if (found === undefined) throw wrongValue(where, 'a known name', quote(word), suggestion(word, known));
  return found;
}

/** Refuses all but numbers that are finite in float32 and within the bounds there, where they are used. */
export function checkNumber(
  where: string,
  value: unknown,
  bounds: { min?: number; max?: number; above?: number; below?: number } = {},
): number {
  const parts: string[] = [];
  if (bounds.min !== undefined) parts.push(`>= ${bounds.min}`);
  if (bounds.above !== undefined) parts.push(`> ${bounds.above}`);
  if (bounds.max !== undefined) parts.push(`<= ${bounds.max}`);
  if (bounds.below !== undefined) parts.push(`< ${bounds.below}`);
  const expected = (kind: string) => `${kind} ${parts.join(' and ')}`.trim();
  if (typeof value !== 'number') throw wrongType(where, expected('a finite number'), value);
  const rounded = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(rounded)) {
    throw wrongValue(where, expected('a number that float32 holds'), value);
  }
  const inside =
    Number.isFinite(rounded) &&
    value >= (bounds.min ?? -Infinity) &&
    value <= (bounds.max ?? Infinity) &&
    rounded > (bounds.above ?? -Infinity) &&
    rounded < (bounds.below ?? Infinity);
  if (!inside) throw wrongValue(where, expected('a finite number'), value);
  return value;
}

/** Refuses all but whole numbers from `min` to `max`. */
export function checkInteger(
  where: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `a whole number >= ${min}` : `a whole number from ${min} to ${max}`;
  if (typeof value !== 'number') throw wrongType(where, expected, value);
  if (!Number.isInteger(value) || value < min || value > max) throw wrongValue(where, expected, value);
  return value;
}

/** Refuses all but true and false. */
export function checkBoolean(where: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(where, 'true or false', value);
  return value;
}
