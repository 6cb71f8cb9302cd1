import { checkChoice, checkInteger, checkNumber } from '../errors.js';
import { checkSeed } from '../random.js';

/** The command was written wrongly: exit code 2. */
export class UsageError extends Error {}

/** Runs a check of what the user typed; what it throws becomes a usage error. */
export function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type Parser<T> = (text: string) => T;

/** A whole number within bounds. */
export function wholeNumber(flag: string, min: number, max?: number): Parser<number> {
  return text => asUsage(() => checkInteger(flag, numberOf(text), min, max));
}

/** A seed of the random numbers. */
export function seed(flag: string): Parser<number> {
  return text => asUsage(() => checkSeed(flag, numberOf(text)));
}

/** A number within bounds. */
export function number(flag: string, bounds: Parameters<typeof checkNumber>[2]): Parser<number> {
  return text => asUsage(() => checkNumber(flag, numberOf(text), bounds));
}

/** One of a few words. */
export function choice<T extends string>(flag: string, known: readonly T[]): Parser<T> {
  return text => asUsage(() => checkChoice(flag, text, known));
}

/** The sizes of the hidden layers: `64,32`, or `none` for a network without any. */
export function hiddenSizes(text: string): number[] {
  if (text === 'none') return [];
  return text.split(',').map(wholeNumber('--hidden', 1, 65536));
}

/** Column names between commas. */
export function columnNames(text: string): string[] {
  return text.split(',').map(name => name.trim());
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
