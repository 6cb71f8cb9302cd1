import { randomUUID } from 'node:crypto';
import { closeSync, openSync, statSync, unlinkSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkInteger, checkNumber, nearest, quote, wrongValue } from '../errors.js';
import { destination } from '../files/save.js';
import { checkSeed } from '../random.js';
import { checkTableWeights, type TableClassWeights } from '../tabular/classWeights.js';
import { checkThreshold, type ThresholdWish } from '../tabular/threshold.js';
import { wordsOf } from './words.js';

/** The command was written wrongly: exit code 2. */
export class UsageError extends Error {}

/** Runs a check of what the user typed; what it throws becomes a usage error, which shows text that is no number. */
export function asUsage<T>(check: () => T, typed = ''): T {
  try {
    return check();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.replace(/got NaN$/, () => `got ${quote(typed)}`));
  }
}

type Parser<T> = (text: string) => T;

/** A whole number within bounds. */
export function wholeNumber(flag: string, min: number, max?: number): Parser<number> {
  return text => checked(text, value => checkInteger(flag, value, min, max));
}

/** A seed of the random numbers. */
export function seed(flag: string): Parser<number> {
  return text => checked(text, value => checkSeed(flag, value));
}

/** A number within bounds. */
export function number(flag: string, bounds: Parameters<typeof checkNumber>[2]): Parser<number> {
  return text => checked(text, value => checkNumber(flag, value, bounds));
}

/** One of a few words. */
export function choice<T extends string>(flag: string, known: readonly T[]): Parser<T> {
  return text =>
    asUsage(() => {
      const found = known.find(word => word === text);
      if (found !== undefined) return found;
      const close = nearest(text, known);
      const mend = close === undefined ? undefined : `did you mean '${close}'?`;
      throw wrongValue(flag, `one of ${known.join(', ')}`, quote(text), mend);
    });
}

/** The name of a file. */
export function fileName(flag: string): Parser<string> {
  return text =>
    asUsage(() => {
      if (text.trim() === '') throw wrongValue(flag, 'the name of a file', quote(text));
      return text;
    });
}

/** The sizes of the hidden layers: `64,32`, or `none` for a network without any. */
export function hiddenSizes(text: string): number[] {
  if (text === 'none') return [];
  return text.split(',').map(units => checked(units, value => checkInteger('--hidden', value, 1, 65536), text));
}

/** Whole numbers between commas. */
export function wholeNumbers(flag: string, min: number, max?: number): Parser<number[]> {
  return text => text.split(',').map(part => checked(part, value => checkInteger(flag, value, min, max), text));
}

/** What was typed at each use of an option. */
export function gathered(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** What counts as missing: words between commas, as in CSV; again, further ones. */
export function missingWords(text: string, before: readonly string[] = []): string[] {
  return [...before, ...asUsage(() => wordsOf('--missing', text))];
}

const DELIMITERS: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  bar: '|',
  space: ' ',
};

/** What stands between cells: a sign, or its name. */
export function delimiter(text: string): string {
  return asUsage(() => {
    const sign = DELIMITERS[text] ?? text;
    if (/^[ -~\t]$/.test(sign) && sign !== '"') return sign;
    throw wrongValue('--delimiter', `one sign, or one of ${Object.keys(DELIMITERS).join(', ')}`, quote(text));
  });
}

const THOUSANDS = { ',': ',', '.': '.', space: ' ', ' ': ' ', apostrophe: "'", "'": "'", none: 'none' } as const;

/** What stands between groups of three digits: a sign, or its name. */
export function thousands(text: string): (typeof THOUSANDS)[keyof typeof THOUSANDS] {
  return asUsage(() => {
    for (const [name, sign] of Object.entries(THOUSANDS)) if (name === text) return sign;
    throw wrongValue('--thousands', 'one of , . space apostrophe none', quote(text));
  });
}

/** What a threshold is to serve: `f1`, `cost 5:1`, `recall 0.8`, or a probability. */
export function threshold(text: string): ThresholdWish {
  const [, missed = '', alarm = ''] = /^cost ([^:]+):([^:]+)$/.exec(text) ?? [];
  const [, recall = ''] = /^recall (.+)$/.exec(text) ?? [];
  const own = recall === '' ? Number(text) : { recall: Number(recall) };
  const wish = missed === '' ? own : { cost: [Number(missed), Number(alarm)] };
  if (Number.isNaN(wish) && text !== 'f1')
    throw new UsageError(
      `--threshold: expected f1, 'cost 5:1', 'recall 0.8' or a probability such as 0.3, got ${quote(text)}`,
    );
  return asUsage(() => checkThreshold('--threshold', text === 'f1' ? text : wish), text);
}

/** How much classes count: `balanced`, or `yes=5,no=1`; names with commas stand in quotes. */
export function classWeights(text: string): TableClassWeights {
  if (text === 'balanced') return text;
  const pairs = wordsOf('--class-weights', text).map(word => {
    const at = word.lastIndexOf('=');
    if (at < 0) throw new UsageError(`--class-weights: expected balanced or CLASS=NUMBER, got ${quote(word)}`);
    return [word.slice(0, at), word.slice(at + 1).trim() === '' ? Number.NaN : Number(word.slice(at + 1))] as const;
  });
  return asUsage(() => checkTableWeights('--class-weights', Object.fromEntries(pairs)), text);
}

/** The number that `text` says, checked; `typed` is what it is a part of. */
function checked(text: string, check: (value: number) => number, typed: string = text): number {
  return asUsage(() => check(text.trim() === '' ? Number.NaN : Number(text)), typed);
}

/** Carries work out; an error about what was typed, which asks for what this table has not, is one of usage. */
export async function asTyped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (!/^--(?:calibrate|threshold|class-weights|validation): /.test(message)) throw error;
    throw new UsageError(message);
  }
}

/** Refuses, before any work, to write over a file that is read: links are followed to what they name. */
export async function refuseSameFile(
  option: string,
  out: string | undefined,
  inputs: readonly string[],
): Promise<void> {
  // What is not there yet is none of the inputs.
  const target = out === undefined ? undefined : await realpath(out).catch(() => undefined);
  if (target === undefined) return;
  for (const input of inputs) {
    if ((await realpath(input).catch(() => undefined)) === target) {
      throw new UsageError(
        `${option}: expected another file than the input '${input}', got '${out}'; it would be lost`,
      );
    }
  }
}

/** Refuses a file that could not be written, before any work. */
export async function checkDestination(option: string, path: string): Promise<void> {
  const folder = dirname((await destination(path)).target);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw wrongValue(`${option} ${path}`, 'a file in a folder that exists', `'${folder}'`, 'create the folder first');
  }
  // Permissions alone do not tell: nobody writes into /proc, or to a disk that is only read.
  const attempt = join(folder, `.myelin-${process.pid}-${randomUUID()}`);
  try {
    closeSync(openSync(attempt, 'wx'));
    unlinkSync(attempt);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const got = `'${folder}', where no file can be made (${code})`;
    throw wrongValue(`${option} ${path}`, 'a folder to write in', got, 'name another');
  }
}
