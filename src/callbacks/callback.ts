/** What callbacks are made of: plain data that says what to do, and what does it while a fit runs. */
import { wrongKind, wrongType, wrongValue } from '../errors.js';
import { type Bytes, hasKey, isObject } from '../kinds.js';
import type { FileAccess } from '../runtime/fileAccess.js';
import type { EpochEvent } from '../trainingOptions.js';

/** The fit that callbacks are told of. */
export interface Training {
  /** Epochs finished. */
  readonly epoch: number;
  /** What every epoch's event has, in its order. */
  readonly keys: readonly string[];
  /** None where the platform has no files. */
  readonly files: FileAccess | undefined;
  /** The flat parameters of the last finished epoch, as the model has them; a copy. */
  parameters(): Float32Array;
  /** Puts others in their place, the trainer's and the model's. */
  restore(parameters: Float32Array): void;
  readonly learningRate: number;
  /** Whether all steps take that rate until another is set. */
  readonly hasFixedRate: boolean;
  setLearningRate(rate: number): void;
  /** The trainer's file. */
  toBytes(): Bytes;
}

/** What does a callback's work. Each of these may be awaited, and what it throws ends the fit. */
export interface Watcher {
  /** What it goes on from in another process; numbers by their names, those that are not finite left out. */
  readonly state?: Readonly<Record<string, number>>;
  /** Flat parameters that belong to its state. */
  kept?: Float32Array | undefined;
  /** Before any work: refuses what it could not do. */
  begin?(training: Training): void | Promise<void>;
  /** An epoch has ended; true where training is to end with it. */
  epoch?(event: EpochEvent, training: Training): boolean | Promise<boolean>;
  /** No further epoch comes. */
  end?(training: Training): void;
  /** The epoch is over, and everything that is to be saved is as it will stay. */
  save?(event: EpochEvent, training: Training): Promise<void>;
}

export interface CallbackDefinition<C> {
  /** The names of its settings. */
  readonly options: readonly string[];
  /** Validates a factory's options, and gives the config complete and frozen. */
  configure(options: object): C;
  /** The name of the history that it watches; none where it watches nothing. */
  monitors?(config: C): string | undefined;
  watch(config: C, saved: Saved | undefined): Watcher;
}

/** A watcher's state as a file has it. */
export interface Saved {
  readonly state: Readonly<Record<string, number>>;
  readonly kept: Float32Array | undefined;
}

/** Which way a monitored number is better. */
export type Mode = 'auto' | 'min' | 'max';
export const modes = ['auto', 'min', 'max'] as const;

/** Names of histories of which less is better. */
const LESS = /loss|error|brier|quantile|pinball|seconds$|gradientNorm/i;

export function isLess(monitor: string, mode: Mode): boolean {
  return mode === 'auto' ? LESS.test(monitor) : mode === 'min';
}

/** What an event has under that name. */
export function valueAt(event: EpochEvent, monitor: string): number {
  return (event as unknown as Readonly<Record<string, number>>)[monitor] ?? Number.NaN;
}

/**
 * What an event has under the name that a callback watches.
 *
 * @throws where that is no number: nothing would ever be better
 */
export function monitored(kind: string, event: EpochEvent, monitor: string): number {
  const value = valueAt(event, monitor);
  if (!Number.isNaN(value)) return value;
  const mend = 'give validation rows for which it is defined, such as some of each class, or watch another';
  throw wrongValue(`${kind}: ${monitor}`, 'a number', `none after epoch ${event.epoch}`, mend);
}

/** The platform's files, where it has some. */
export function filesOf({ files }: Training, where: string, mend: string): FileAccess {
  if (!files) throw wrongKind(where, 'a platform with files', 'one without', mend);
  return files;
}

export function checkText(where: string, text: unknown): string {
  if (typeof text !== 'string') throw wrongType(where, 'a string', text);
  if (text === '') throw wrongValue(where, 'a name', 'none');
  return text;
}

/** No fit has so many epochs; counts up to it have room to go on. */
const MOST = 2 ** 52;

/** Checks a state that a file has: finite numbers, those named `counts` whole, with room to go on. */
export function checkState(where: string, given: unknown, counts: readonly string[]): Readonly<Record<string, number>> {
  if (!isObject(given)) throw wrongType(where, 'an object of numbers', given);
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(`${where}: ${name}`, 'a number', value);
    const isCount = counts.includes(name);
    if (isCount && !(Number.isInteger(value) && value >= 0 && value <= MOST)) {
      throw wrongValue(`${where}: ${name}`, 'a whole number from 0 to 2^52', value);
    }
  }
  for (const name of counts) if (!hasKey(given, name)) throw wrongValue(`${where}: ${name}`, 'a number', 'none');
  return given as Readonly<Record<string, number>>;
}
