/** What trainers are asked for, what they tell while they train, and what they tell in the end. */
import { type Callback, resolveCallbacks } from './callbacks/index.js';
import type { SequenceLengths } from './data/samples.js';
import { checkBoolean, checkInteger, checkNumber, checkOptions, wrongKind, wrongType } from './errors.js';
import { type GoalConfig, type GoalOptions, type NetworkTargets, resolveGoals } from './goals.js';
import type { NetworkSamples } from './inputs.js';
import { hasKey, type NumberArray } from './kinds.js';
import type { Scores, ValidationScores } from './metrics/index.js';
import { refuseOptions } from './minimize/refusals.js';
import type { ByName } from './names.js';
import { isMinimizer, type Optimizer, type OptimizerConfig, resolveOptimizer } from './optimizers/index.js';
import type { LearningRate } from './optimizers/schedules.js';
import type { Clipping } from './plan/clipping.js';
import type { Signal } from './platform.js';
import { checkClassWeights } from './rowWeights.js';

/** One number for each row, what it counts in the cost and the metrics. */
export type SampleWeights = NumberArray | readonly number[];
/** One number for each class; or `'balanced'`, which is rows / (classes · rows of the class). */
export type ClassWeights = readonly number[] | 'balanced';

/** What a model learns from. It is copied when training begins: leave it as it is until the fit has ended. */
export interface TrainingData {
  /**
   * Float32Array, Float64Array or bytes of rows × inputs, `{ x: Uint8Array, scale }`, or an array of rows; where inputs
   * have names, an object of such by those.
   */
  readonly x: NetworkSamples | ByName<Uint8Array | Uint8ClampedArray>;
  /** Where outputs have names, an object by those. */
  readonly y: NetworkTargets;
  /** What bytes are multiplied by; 1 by default. */
  readonly scale?: number;
  /**
   * What each row counts in cost and metrics, which are Σ weight · cost / rows, as in Keras, and scikit-learn's
   * weighted ones; not negative, 1 by default. Where outputs have names, one list for all of them or an object by
   * those.
   */
  readonly sampleWeights?: ByName<SampleWeights>;
  /** How many steps each row has, from 1 up; what follows in x is padding. All of them by default. */
  readonly lengths?: SequenceLengths;
}

/**
 * Data that are read while training goes on, for more of them than memory holds: a chunk of rows at a time, of whatever
 * size. Rows are put together to blocks of whole batches, about 32 MB each; an epoch goes through the blocks as they
 * come and shuffles the rows within each, so that neighbours should not be alike for longer than that. The bits hang on
 * the rows and not on how they are cut; where all rows are one block they are those of rows in memory.
 */
export interface ChunkedData {
  /**
   * Gives the chunks from the first one on; called once for each epoch, while the last block of the one before is
   * trained on (once too often, therefore, where training ends early), and before the first of a network with
   * `normalization` that is to be adapted. `epoch` is how many the model began before, by which rows that are drawn
   * anew for each are the same ones again after a resumption; always 0 for `lbfgs` and `conjugateGradient`.
   */
  readonly chunks: (epoch: number) => AsyncIterable<TrainingData> | Iterable<TrainingData>;
  /** How many rows all chunks have; where told, others are refused. */
  readonly rows?: number;
}

export interface TrainerOptions extends GoalOptions {
  readonly optimizer: Optimizer;
  /** Rows in a step; 32 by default. The last batch of an epoch takes what is left. None with full-batch optimisers. */
  readonly batchSize?: number;
  /**
   * Threads that epochs are run on; `'auto'`, which is one for each core, by default. The caller's thread then only
   * waits. Networks whose step is a matter of microseconds train on the caller's thread all the same. The bits do not
   * depend on it.
   */
  readonly threads?: 'auto' | number;
  /** What no gradient may be beyond, above or below 0; none by default. */
  readonly clipValue?: number;
  /**
   * What the Euclidean norm of all gradients together may be: where it is more, they are scaled down to it (Pascanu,
   * Mikolov and Bengio 2013). After `clipValue`; none by default.
   */
  readonly clipNorm?: number;
  /**
   * Batches of `batchSize` rows whose gradients go into one step, each by its rows; 1 by default. The last step of an
   * epoch takes what is left. Penalties and clipping come after them.
   */
  readonly accumulationSteps?: number;
  /**
   * The model gets a running average of the parameters that learn, which begins at the first ones and after each step
   * is `averageDecay` times itself and the rest the parameters (Polyak and Juditsky 1992, exponentially); validation
   * and callbacks see it too. The trainer goes on from its own. From 0 up to, not with, 1; none by default.
   */
  readonly averageDecay?: number;
  /**
   * What a row of each class counts in the cost of training, and there alone: Σ weight · cost / rows. `'balanced'` is
   * rows / (classes · rows of the class), of the rows that are trained on; it is refused where those are not known, in
   * steps and chunks. One sigmoid output takes two. Where outputs have names, an object by those of some of them.
   */
  readonly classWeights?: ByName<ClassWeights>;
  /** What is told of every epoch, such as `earlyStopping()`; none by default. Their state is in the trainer's file. */
  readonly callbacks?: readonly Callback[];
}

export interface FitOptions {
  /** Times through the data; 1 by default. An epoch that an abort cut short is finished first and counts as one. */
  readonly epochs?: number;
  /** Whether each epoch takes the rows in an order of its own; true by default. */
  readonly shuffle?: boolean;
  /** Rows to judge each epoch by; none by default. */
  readonly validation?: TrainingData;
  /**
   * In place of `validation`: the share of the rows, above 0 and below 1, that is set aside for it, of each class as
   * many as of all. The model's seed says which.
   */
  readonly validationSplit?: number;
  /**
   * Stops training after the step under way, and ends the wait for whatever else it is: a callback that never comes
   * back, validation, workers. The fit resolves, with `stopped: 'aborted'` in its history; the model keeps what it has
   * learned.
   */
  readonly signal?: Signal;
  /**
   * Called, and awaited, after every step. Training then returns to JavaScript for each, which tiny networks feel. What
   * it throws ends the fit, which rejects with it.
   */
  readonly onBatch?: (event: BatchEvent) => void | Promise<void>;
  /** Called, and awaited, after every epoch; what it throws likewise. */
  readonly onEpoch?: (event: EpochEvent) => void | Promise<void>;
  /** In place of the trainer's, from now on. */
  readonly callbacks?: readonly Callback[];
}

export interface BatchEvent {
  /** Counted from 1. */
  readonly epoch: number;
  /** Counted from 1 in its epoch. */
  readonly batch: number;
  /** The batch's cost before its update. */
  readonly loss: number;
}

export interface EpochEvent extends Scores, ValidationScores<number> {
  /** Counted from 1 since the trainer was made. */
  readonly epoch: number;
  /** The mean of the batches' costs weighted by their rows, each before its update. */
  readonly loss: number;
  readonly valLoss?: number;
  /**
   * Of full-batch optimisers: the Euclidean norm of all gradients before the step, and how far it went along its way.
   */
  readonly gradientNorm?: number;
  readonly stepLength?: number;
  /** Of outputs with names each one's own: `kind.loss`, `kind.accuracy`, `kind.valLoss`. */
  readonly [score: `${string}.${string}`]: number;
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

/** What a fit went through, one number for each epoch. */
export interface History extends Scores<number[]>, ValidationScores<number[]> {
  readonly loss: number[];
  readonly valLoss?: number[];
  /** Of full-batch optimisers. */
  readonly gradientNorm?: number[];
  readonly stepLength?: number[];
  /** Of outputs with names each one's own: `kind.loss`, `kind.accuracy`, `kind.valLoss`. */
  readonly [score: `${string}.${string}`]: number[];
  readonly seconds: number[];
  readonly samplesPerSecond: number[];
  /** Why it ended before its last epoch, where it did. */
  stopped?: string;
}

/** What may be given again to a trainer that is read from a file. */
export interface ResumeOptions {
  /** In place of the file's. */
  readonly callbacks?: readonly Callback[];
  /** In place of the file's; where that was a function, it is to be given again. */
  readonly learningRate?: LearningRate;
}

/** @internal Those that a trainer's file holds too. */
export const trainerConfigNames = [
  ...(['loss', 'lossWeights', 'optimizer', 'metrics', 'batchSize'] as const),
  ...(['clipValue', 'clipNorm', 'accumulationSteps', 'averageDecay', 'classWeights'] as const),
] as const;
/** @internal */
export const trainerOptionNames: readonly string[] = [...trainerConfigNames, 'threads', 'callbacks'];
/** @internal */
export const fitOptionNames: readonly string[] = [
  'epochs',
  'shuffle',
  'validation',
  'validationSplit',
  'signal',
  'onBatch',
  'onEpoch',
  'callbacks',
];
/** @internal */
export const dataNames: readonly string[] = ['x', 'y', 'scale', 'sampleWeights', 'lengths'];

/** @internal */
export function isChunked(data: TrainingData | ChunkedData): data is ChunkedData {
  return hasKey(data, 'chunks');
}

/** @internal The options that a trainer's file holds too, each checked. */
export interface TrainerConfig extends GoalConfig, Clipping {
  readonly optimizer: OptimizerConfig;
  readonly batchSize: number;
  readonly accumulationSteps?: number;
  readonly averageDecay?: number;
  readonly classWeights?: ByName<ClassWeights>;
}

/** @internal Rows of a step that is not an epoch's last. */
export function rowsOfStep({ batchSize, accumulationSteps = 1 }: TrainerConfig): number {
  return batchSize * accumulationSteps;
}

/** @internal `outputs` are their names, where they have some. */
export function checkTrainerOptions(
  where: string,
  options: unknown,
  outputs: readonly string[] | undefined,
): TrainerConfig & { threads: 'auto' | number; callbacks: readonly Callback[] } {
  checkOptions(where, options, trainerOptionNames);
  const optimizer = resolveOptimizer(where, (options as Partial<TrainerOptions>).optimizer);
  if (isMinimizer(optimizer)) refuseOptions(where, optimizer.kind, options as object);
  const {
    optimizer: _,
    batchSize = 32,
    threads = 'auto',
    callbacks,
    clipValue,
    clipNorm,
    accumulationSteps,
    averageDecay,
    classWeights,
    ...given
  } = options as Partial<TrainerOptions>;
  return {
    ...resolveGoals(where, given, outputs),
    optimizer,
    batchSize: checkInteger(`${where}: batchSize`, batchSize, 1, 2 ** 20),
    ...(clipValue !== undefined && { clipValue: checkNumber(`${where}: clipValue`, clipValue, { above: 0 }) }),
    ...(clipNorm !== undefined && { clipNorm: checkNumber(`${where}: clipNorm`, clipNorm, { above: 0 }) }),
    ...(accumulationSteps !== undefined && {
      accumulationSteps: checkInteger(`${where}: accumulationSteps`, accumulationSteps, 1, 2 ** 11),
    }),
    ...(averageDecay !== undefined && {
      averageDecay: checkNumber(`${where}: averageDecay`, averageDecay, { min: 0, below: 1 }),
    }),
    ...(classWeights !== undefined && {
      classWeights: checkClassWeights(`${where}: classWeights`, classWeights, outputs),
    }),
    threads: checkThreads(where, threads),
    callbacks: resolveCallbacks(`${where}: callbacks`, callbacks),
  };
}

/** @internal Refuses all but 'auto' and a number of threads. */
export function checkThreads(where: string, threads: unknown): 'auto' | number {
  if (threads === 'auto') return threads;
  if (typeof threads !== 'number') throw wrongType(`${where}: threads`, `'auto' or a whole number`, threads);
  return checkInteger(`${where}: threads`, threads, 1, 64);
}

/** @internal What is left of a fit's options once they are checked, the data aside. */
export interface CheckedFitOptions {
  readonly epochs: number;
  readonly shuffle: boolean;
  readonly signal: FitOptions['signal'];
  readonly onBatch: FitOptions['onBatch'];
  readonly onEpoch: FitOptions['onEpoch'];
  /** None where the trainer's own stay. */
  readonly callbacks: readonly Callback[] | undefined;
}

/** @internal */
export function checkFitOptions(where: string, options: FitOptions): CheckedFitOptions {
  checkOptions(where, options, fitOptionNames);
  const { epochs = 1, shuffle = true, validation, validationSplit, signal, onBatch, onEpoch, callbacks } = options;
  checkFunction(`${where}: onBatch`, onBatch);
  checkFunction(`${where}: onEpoch`, onEpoch);
  checkSignal(`${where}: signal`, signal);
  if (validationSplit !== undefined) {
    checkNumber(`${where}: validationSplit`, validationSplit, { above: 0, below: 1 });
    if (validation !== undefined) throw wrongKind(`${where}: validationSplit`, 'none beside validation', 'both');
  }
  return {
    epochs: checkInteger(`${where}: epochs`, epochs, 1),
    shuffle: checkBoolean(`${where}: shuffle`, shuffle),
    signal,
    onBatch,
    onEpoch,
    callbacks: callbacks && resolveCallbacks(`${where}: callbacks`, callbacks),
  };
}

/** @internal Refuses what is given and cannot be called. */
export function checkFunction(where: string, callback: unknown): void {
  if (callback !== undefined && typeof callback !== 'function') throw wrongType(where, 'a function', callback);
}

/** @internal Refuses what is given and tells of no abort. */
export function checkSignal(where: string, signal: unknown): void {
  const isSignal = hasKey(signal, 'aborted') && typeof signal.aborted === 'boolean' && 'addEventListener' in signal;
  if (signal !== undefined && !isSignal) throw wrongType(where, 'an AbortSignal', signal);
}

/** @internal A history of such scores, without any epoch yet. */
export function newHistory(scores: readonly string[]): History {
  const names = [...scores, 'seconds', 'samplesPerSecond'];
  return Object.fromEntries(names.map(name => [name, []])) as unknown as History;
}

/** @internal */
export function record(history: History, event: EpochEvent): void {
  // Not by Object.entries, whose lists are a tenth of what an epoch of a small network takes.
  for (const name in event) {
    const scores: unknown = history[name as keyof History];
    if (Array.isArray(scores)) scores.push(event[name as keyof EpochEvent]);
  }
}
