/** What runs beyond one fit, on one machine or on many: one interface. */
import '../disposal.js';
import type { Architecture } from '../architecture.js';
import { checkNumber, checkOptions } from '../errors.js';
import type { Model } from '../model.js';
import type { ParameterValues } from '../parameters.js';
import type { Signal } from '../platform.js';
import type { CrossValidation, CrossValidationOptions } from '../search/crossValidate.js';
import type { FoldFit } from '../search/judged.js';
import type { SearchOptions, SearchResult } from '../search/search.js';
import type { Space } from '../search/space.js';
import type { TrainingData } from '../trainingOptions.js';

/** Which rows a reader is to give: part 0 … parts - 1 of them; part 0 of 1 is all. */
export interface Part {
  readonly part: number;
  readonly parts: number;
}

/** Gives the rows of a part; the same ones for the same part, wherever and whenever it is asked. */
export type Reader = (part: Part) => TrainingData | Promise<TrainingData>;

/** Rows in memory, whose parts are rows that follow one another; or what reads those of a part. */
export type LocalData = TrainingData | Reader;

/** Plain data; {@link nesterov} and {@link plainAverage} make it. */
export type Outer =
  | { readonly kind: 'nesterov'; readonly learningRate: number; readonly momentum: number }
  | { readonly kind: 'plainAverage' };

/**
 * The mean way that shards went, taken as a gradient by SGD with Nesterov momentum.
 *
 * Source: Douillard et al., «DiLoCo: Distributed Low-Communication Training of Language Models», 2023.
 *
 * @param options `learningRate` (0.7), `momentum` (0.9)
 */
export function nesterov(options: { readonly learningRate?: number; readonly momentum?: number } = {}): Outer {
  checkOptions('nesterov', options, ['learningRate', 'momentum']);
  const { learningRate = 0.7, momentum = 0.9 } = options;
  checkNumber('nesterov: learningRate', learningRate, { above: 0 });
  checkNumber('nesterov: momentum', momentum, { min: 0, below: 1 });
  return Object.freeze({ kind: 'nesterov', learningRate, momentum });
}

/** The mean of the shards' parameters (McMahan et al. 2017). */
export function plainAverage(): Outer {
  return Object.freeze({ kind: 'plainAverage' });
}

/** Options of `averageRounds`; `Data` is what the cluster takes for rows. */
export interface RoundsOptions<Data> {
  /** What the run is known by: a run that was cut short goes on where it is started again with its id. */
  readonly id: string;
  readonly architecture: Architecture;
  readonly data: Data;
  /** How many parts the rows are trained in. They are the run's: the bits do not depend on who trains them. */
  readonly shards: number;
  readonly rounds: number;
  /** Where all random numbers come from; 0 by default. */
  readonly seed?: number;
  /** What a shard trains with in each round. Its optimizer begins anew in each, unless {@link keepOptimizer}. */
  readonly local: FoldFit;
  /**
   * Whether optimisers go on in each round from the mean of the shards' momentum, moments and count of updates after
   * the one before; false by default. Each of its buffers, of which Adam has two, costs as many bytes as the parameters
   * do, wherever those go.
   *
   * Source: Wang et al., «SlowMo: Improving Communication-Efficient Distributed SGD with Slow Momentum», 2020, whose
   * three strategies are to reset, maintain and average them.
   */
  readonly keepOptimizer?: boolean;
  /** {@link nesterov} by default. */
  readonly outer?: Outer;
  /** What to begin with, by name; those of `Model.create(architecture, { seed })` by default. */
  readonly parameters?: ParameterValues;
  /** Rows to judge the parameters by after each round; none by default. */
  readonly validation?: TrainingData;
  /** A file of this machine that keeps the run's state after each round, and that it goes on from; none by default. */
  readonly checkpoint?: string;
  /** Called, and awaited, after each round; what it throws ends the run. */
  readonly onRound?: (event: RoundEvent) => void | Promise<void>;
  /** Ends the run, which rejects with its reason; the rounds that are done are kept for the next run of this id. */
  readonly signal?: Signal;
}

/** What a round came to. */
export interface RoundEvent {
  /** Counted from 1. */
  readonly round: number;
  /** How many rounds the run has. */
  readonly of: number;
  /** The mean over the shards of the cost in their last epoch. */
  readonly loss: number;
  readonly valLoss?: number;
  /** Shards that were trained in it. */
  readonly shards: number;
  /** Workers that trained them. */
  readonly workers: number;
  /** Bytes of parameters that went to the workers' broker and came from there. */
  readonly bytes: number;
  /** Seconds in which nothing was to be done here but wait for shards. */
  readonly waited: number;
  readonly seconds: number;
  /** Metrics of the validation rows, such as `valAccuracy`. */
  readonly [score: `val${string}`]: number | undefined;
}

export interface AveragedRounds {
  /** Deterministic, with the parameters after the last round. */
  readonly model: Model;
  readonly rounds: readonly RoundEvent[];
  /** SHA-256 of the parameters: the same for the same run, whoever took part. */
  readonly hash: string;
}

/** `Data` is what it takes for rows: on this machine those themselves, elsewhere a reader's name. */
export interface Cluster<Data> {
  /**
   * Trains one model on the rows of several shards: each trains by itself for some epochs, then their parameters become
   * one again, round after round. Deterministic: the bits depend on the run and not on who trained its shards.
   *
   * @throws where options do not fit one another before any work; where a worker's reader fails, or its parameters are
   *   not what they have to be, naming the shard; and the signal's reason
   */
  averageRounds(options: RoundsOptions<Data>): Promise<AveragedRounds>;
  /** `crossValidate` of `myelin`, with deterministic models. */
  crossValidate(architecture: Architecture, data: Data, options: CrossValidationOptions): Promise<CrossValidation>;
  /** `search` of `myelin`, with deterministic models. */
  search<const S extends Space>(space: S, data: Data, options: SearchOptions<S>): Promise<SearchResult<S>>;
  /** Ends connections, where there are any. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What became of a job, as its worker tells of it. */
export interface WorkEvent {
  readonly worker: string;
  readonly job: string;
  /** `'left'`: its run has ended, or another worker has it. */
  readonly outcome: 'done' | 'failed' | 'left';
  readonly seconds: number;
  readonly error?: string;
}

export interface WorkOptions {
  /** The cluster's name. */
  readonly name: string;
  /** By the names that runs ask for; a module of them too. */
  readonly readers: Readonly<Record<string, Reader>>;
  /** Seconds after which a worker that is not heard of has lost its job; 30 by default. */
  readonly lock?: number;
  /** Called after each job. */
  readonly onJob?: (event: WorkEvent) => void;
  /** Ends it when the job under way is done. */
  readonly signal?: Signal;
}
