/** The callbacks by name, and those of a trainer at work. */
import { checkChoice, checkOptions, listed, quote, wrongType, wrongValue } from '../errors.js';
import { hasKey, isList } from '../kinds.js';
import type { EpochEvent } from '../trainingOptions.js';
import { type CallbackDefinition, checkState, type Saved, type Training, type Watcher } from './callback.js';
import { checkpointCallback } from './checkpoint.js';
import { csvLoggerCallback, jsonLoggerCallback } from './loggers.js';
import { earlyStoppingCallback, reduceOnPlateauCallback } from './plateaus.js';
import { tensorBoardCallback } from './tensorBoard.js';

const definitions = {
  earlyStopping: earlyStoppingCallback,
  reduceOnPlateau: reduceOnPlateauCallback,
  checkpoint: checkpointCallback,
  csvLogger: csvLoggerCallback,
  jsonLogger: jsonLoggerCallback,
  tensorBoard: tensorBoardCallback,
};

export type CallbackName = keyof typeof definitions;
/** A callback with its settings, as its factory makes it. */
export type Callback = { [K in CallbackName]: ReturnType<(typeof definitions)[K]['configure']> }[CallbackName];

const names = Object.keys(definitions) as CallbackName[];
/** Whole numbers of their states. */
const counts: Partial<Record<CallbackName, readonly string[]>> = {
  earlyStopping: ['wait', 'over'],
  reduceOnPlateau: ['bad', 'rest'],
};

function definitionOf(name: CallbackName): CallbackDefinition<Callback> {
  return definitions[name] as CallbackDefinition<Callback>;
}

/** A list of what factories make, each checked; none where there is no list. */
export function resolveCallbacks(where: string, given: unknown): Callback[] {
  if (given === undefined) return [];
  if (!isList(given)) throw wrongType(where, 'a list such as [earlyStopping()]', given);
  return Array.from(given, one => {
    if (!hasKey(one, 'kind')) throw wrongType(where, 'what a factory makes, such as earlyStopping()', one);
    const { kind, ...options } = one;
    const definition = definitionOf(checkChoice(where, kind, names));
    checkOptions(`${where}: ${kind}`, options, definition.options);
    return definition.configure(options);
  });
}

/** A callback and its state, as a trainer's file has them. */
export interface SavedCallback {
  readonly callback: Callback;
  readonly state: Readonly<Record<string, number>>;
  /** Whether flat parameters belong to it, which are a buffer of the file. */
  readonly keeps: boolean;
}

/** What a trainer's file says of its callbacks, checked; functions are missing in it. */
export function readCallbacks(where: string, given: unknown): SavedCallback[] {
  if (given === undefined) return [];
  if (!isList(given)) throw wrongType(where, 'a list', given);
  return Array.from(given, (one, index) => {
    const place = `${where}: ${index}`;
    checkOptions(place, one, ['callback', 'state', 'keeps']);
    const { callback, state, keeps } = one as Partial<Record<string, unknown>>;
    if (!hasKey(callback, 'kind')) throw wrongType(`${place}: callback`, 'a callback', callback);
    const kind = checkChoice(`${place}: callback`, callback.kind, names);
    const isWhole = kind !== 'checkpoint' || hasKey(callback, 'to');
    const [checked] = isWhole ? resolveCallbacks(place, [callback]) : [{ ...callback, kind } as Callback];
    if (!checked) throw new Error('a callback is missing');
    return {
      callback: checked,
      state: checkState(`${place}: state`, state, counts[kind] ?? []),
      keeps: keeps === true,
    };
  });
}

/** Whether a function is missing in what a file says of it. */
export function isIncomplete(callback: Callback): boolean {
  return callback.kind === 'checkpoint' && callback.to === undefined;
}

/** The buffer of a trainer's file that holds the parameters which the callback in that place keeps. */
export function bufferOf(index: number): string {
  return `optimizer.kept${index}`;
}

export class Callbacks {
  readonly #callbacks: readonly Callback[];
  readonly #watchers: readonly Watcher[];

  /** `saved`: what those of a file, in their order, go on from. */
  constructor(callbacks: readonly Callback[], saved: readonly (Saved & { kind: string })[] = []) {
    const left = [...saved];
    this.#callbacks = callbacks;
    this.#watchers = callbacks.map(callback => {
      const at = left.findIndex(({ kind }) => kind === callback.kind);
      const [own] = at < 0 ? [] : left.splice(at, 1);
      return definitionOf(callback.kind).watch(callback, own);
    });
  }

  get none(): boolean {
    return this.#callbacks.length === 0;
  }

  /** Refuses, before any work, what cannot be done in this fit. */
  async begin(where: string, training: Training): Promise<void> {
    for (const callback of this.#callbacks) {
      const monitor = definitionOf(callback.kind).monitors?.(callback);
      if (monitor === undefined || training.keys.includes(monitor)) continue;
      const mend = monitor.includes('val') ? 'give validation, or monitor another' : 'ask for it among metrics';
      const expected = `one of ${listed(training.keys.slice(1))}`;
      throw wrongValue(`${where}: ${callback.kind}: monitor`, expected, quote(monitor), mend);
    }
    for (const watcher of this.#watchers) await watcher.begin?.(training);
  }

  /** Which of them has ended training before it begins. */
  get over(): string | undefined {
    return this.#callbacks[this.#watchers.findIndex(({ state }) => state?.over === 1)]?.kind;
  }

  /** Tells all of them of an epoch, of which the `last` is known to be; gives which one ends training. */
  async epoch(event: EpochEvent, training: Training, last: boolean): Promise<string | undefined> {
    let stopped: string | undefined;
    for (const [index, watcher] of this.#watchers.entries()) {
      if (await watcher.epoch?.(event, training)) stopped ??= this.#callbacks[index]?.kind;
    }
    if (stopped !== undefined || last) for (const watcher of this.#watchers) watcher.end?.(training);
    return stopped;
  }

  async save(event: EpochEvent, training: Training): Promise<void> {
    for (const watcher of this.#watchers) await watcher.save?.(event, training);
  }

  /** For a file: what they are and what they go on from. */
  get saved(): SavedCallback[] {
    return this.#callbacks.map((callback, index) => {
      const { state = {}, kept } = this.#watchers[index] ?? {};
      const finite = Object.fromEntries(Object.entries(state).filter(([, value]) => Number.isFinite(value)));
      return { callback, state: finite, keeps: kept !== undefined };
    });
  }

  /** The flat parameters that they keep, by the names of their buffers. */
  get kept(): Map<string, Float32Array> {
    return new Map(this.#watchers.flatMap(({ kept }, index) => (kept ? [[bufferOf(index), kept]] : [])));
  }
}
