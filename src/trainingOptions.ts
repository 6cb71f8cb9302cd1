/** What trainers are asked for, what they tell while they train, and what they tell in the end. */
import type { Samples, Targets } from './data/samples.js';
import { checkBoolean, checkInteger, checkOptions, wrongType } from './errors.js';
import { hasKey } from './kinds.js';
import { type Loss, type LossConfig, resolveLoss } from './losses/index.js';
import { checkMetricNames, type Metric, trainingMetrics } from './metrics/index.js';
import { type Optimizer, type OptimizerConfig, resolveOptimizer } from './optimizers/index.js';
import type { Signal } from './platform.js';

/** What a model learns from. It is copied when training begins: leave it as it is until the fit has ended. */
export interface TrainingData {
  /** Float32Array, Float64Array or bytes of rows × inputs, `{ x: Uint8Array, scale }`, or an array of rows. */
  readonly x: Samples | Uint8Array | Uint8ClampedArray;
  readonly y: Targets;
  /** What bytes are multiplied by; 1 unless told. */
  readonly scale?: number;
}

export interface TrainerOptions {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** None unless told. */
  readonly metrics?: readonly Metric[];
  /** Rows in a step; 32 unless told. The last batch of an epoch takes what is left. */
  readonly batchSize?: number;
  /**
   * Threads that epochs are run on; `'auto'`, which is one for each core, unless told. The caller's thread then only
   * waits. Networks whose step is a matter of microseconds train on the caller's thread all the same. The bits do not
   * depend on it.
   */
  readonly threads?: 'auto' | number;
}

export interface FitOptions {
  /** Times through the data; 1 unless told. An epoch that an abort cut short is finished first and counts as one. */
  readonly epochs?: number;
  /** Whether each epoch takes the rows in an order of its own; true unless told. */
  readonly shuffle?: boolean;
  /** Rows to judge each epoch by; none unless told. */
  readonly validation?: TrainingData;
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
}

export interface BatchEvent {
  /** Counted from 1. */
  readonly epoch: number;
  /** Counted from 1 in its epoch. */
  readonly batch: number;
  /** The batch's cost before its update. */
  readonly loss: number;
}

export interface EpochEvent {
  /** Counted from 1 since the trainer was made. */
  readonly epoch: number;
  /** The mean of the batches' costs weighted by their rows, each before its update. */
  readonly loss: number;
  readonly accuracy?: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

/** What a fit went through, one number for each epoch. */
export interface History {
  readonly loss: number[];
  readonly accuracy?: number[];
  readonly valLoss?: number[];
  readonly valAccuracy?: number[];
  readonly seconds: number[];
  readonly samplesPerSecond: number[];
  /** Why it ended before its last epoch, where it did. */
  stopped?: string;
}

/** @internal */
export const trainerOptionNames: readonly string[] = ['loss', 'optimizer', 'metrics', 'batchSize', 'threads'];
/** @internal */
export const fitOptionNames: readonly string[] = ['epochs', 'shuffle', 'validation', 'signal', 'onBatch', 'onEpoch'];
/** @internal */
export const dataNames: readonly string[] = ['x', 'y', 'scale'];

/** @internal The options that a trainer's file holds too, each checked. */
export interface TrainerConfig {
  readonly loss: LossConfig;
  readonly optimizer: OptimizerConfig;
  readonly metrics: readonly Metric[];
  readonly batchSize: number;
}

/** @internal */
export function checkTrainerOptions(where: string, options: unknown): TrainerConfig & { threads: 'auto' | number } {
  checkOptions(where, options, trainerOptionNames);
  const { loss, optimizer, metrics, batchSize = 32, threads = 'auto' } = options as Partial<TrainerOptions>;
  return {
    loss: resolveLoss(where, loss),
    optimizer: resolveOptimizer(where, optimizer),
    metrics: checkMetricNames(`${where}: metrics`, metrics, trainingMetrics),
    batchSize: checkInteger(`${where}: batchSize`, batchSize, 1, 2 ** 20),
    threads: checkThreads(where, threads),
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
}

/** @internal */
export function checkFitOptions(where: string, options: FitOptions): CheckedFitOptions {
  checkOptions(where, options, fitOptionNames);
  const { epochs = 1, shuffle = true, signal, onBatch, onEpoch } = options;
  for (const [name, callback] of [
    ['onBatch', onBatch],
    ['onEpoch', onEpoch],
  ] as const) {
    if (callback !== undefined && typeof callback !== 'function')
      throw wrongType(`${where}: ${name}`, 'a function', callback);
  }
  const isSignal = hasKey(signal, 'aborted') && typeof signal.aborted === 'boolean' && 'addEventListener' in signal;
  if (signal !== undefined && !isSignal) {
    throw wrongType(`${where}: signal`, 'an AbortSignal', signal);
  }
  return {
    epochs: checkInteger(`${where}: epochs`, epochs, 1),
    shuffle: checkBoolean(`${where}: shuffle`, shuffle),
    signal,
    onBatch,
    onEpoch,
  };
}

/** @internal */
export function newHistory(accuracy: boolean, validation: boolean): History {
  return {
    loss: [],
    ...(accuracy && { accuracy: [] }),
    ...(validation && { valLoss: [] }),
    ...(validation && accuracy && { valAccuracy: [] }),
    seconds: [],
    samplesPerSecond: [],
  };
}

/** @internal */
export function record(history: History, event: EpochEvent): void {
  history.loss.push(event.loss);
  history.seconds.push(event.seconds);
  history.samplesPerSecond.push(event.samplesPerSecond);
  if (event.accuracy !== undefined) history.accuracy?.push(event.accuracy);
  if (event.valLoss !== undefined) history.valLoss?.push(event.valLoss);
  if (event.valAccuracy !== undefined) history.valAccuracy?.push(event.valAccuracy);
}
