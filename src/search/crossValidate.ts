/** How well an architecture learns, told by rows that did not train: every row is one of them once. */
import type { Architecture } from '../architecture.js';
import { type FoldOptions, kFold, pick } from '../data/parts.js';
import { checkBoolean, checkInteger, checkOptions, wrongKind, wrongType } from '../errors.js';
import { isList, kindOf } from '../kinds.js';
import { type Metric, refuseLists, resolveMetrics } from '../metrics/definitions.js';
import type { Model } from '../model.js';
import type { Signal } from '../platform.js';
import { checkSeed } from '../random.js';
import {
  checkFunction,
  checkSignal,
  type FitOptions,
  type TrainerOptions,
  type TrainingData,
} from '../trainingOptions.js';

/** What each fold's model is trained with: what `fit` takes, but what watches a single fit. */
export type FoldFit = Omit<TrainerOptions & FitOptions, 'validation' | 'signal' | 'onBatch' | 'onEpoch' | 'callbacks'>;

export interface CrossValidationOptions {
  /** 5 by default. */
  readonly folds?: number;
  /** One round of folds, and of parameters to begin with, for each; `[0]` by default. */
  readonly seeds?: readonly number[];
  /** Whether every class of `y` keeps its share in each fold; true by default where the loss is of class indices. */
  readonly stratify?: boolean;
  readonly fit: FoldFit;
  /** What folds are judged by besides the loss; none by default. */
  readonly metrics?: readonly Metric[];
  readonly signal?: Signal;
  /** Called, and awaited, after each fold. */
  readonly onProgress?: (fold: FoldScores, done: number, of: number) => void | Promise<void>;
}

/** How a fold's model does on the rows that it was not trained on. */
export interface FoldScores {
  readonly seed: number;
  /** Counted from 0. */
  readonly fold: number;
  /** Rows that it is judged by. */
  readonly rows: number;
  /** `loss`, and the metrics by their names. */
  readonly scores: Readonly<Record<string, number>>;
}

export interface CrossValidation {
  readonly folds: readonly FoldScores[];
  /** Over folds and seeds. */
  readonly mean: Readonly<Record<string, number>>;
  /** Of the population of folds. */
  readonly deviation: Readonly<Record<string, number>>;
}

const optionNames = ['folds', 'seeds', 'stratify', 'fit', 'metrics', 'signal', 'onProgress'];

/** Creates models of an entry. */
export type Create = (architecture: Architecture, options: { seed: number }) => Promise<Model>;

/**
 * Trains a model for each fold and judges it on the rows that are left out: `fit` adapts what normalises anew in each.
 * A fold is trained after the other, each on as many threads as `fit` says; neither changes a bit.
 *
 * @throws where there are more folds than rows, or than rows of the smallest class, and what `fit` throws
 */
export type CrossValidate = (
  architecture: Architecture,
  data: TrainingData,
  options: CrossValidationOptions,
) => Promise<CrossValidation>;

/** The function of an entry; `create` makes its models. */
export function crossValidationBy(create: Create): CrossValidate {
  return (architecture, data, options) => crossValidate(create, architecture, data, options);
}

async function crossValidate(
  create: Create,
  architecture: Architecture,
  data: TrainingData,
  options: CrossValidationOptions,
): Promise<CrossValidation> {
  const where = 'crossValidate';
  checkOptions(where, options, optionNames);
  const { folds = 5, seeds = [0], fit, signal, onProgress } = options;
  if (!isList(seeds) || seeds.length === 0) throw wrongType(`${where}: seeds`, 'a list of seeds', seeds);
  if (kindOf(fit) !== 'Object') throw wrongType(`${where}: fit`, 'what models are trained with, as fit takes it', fit);
  checkSignal(`${where}: signal`, signal);
  checkFunction(`${where}: onProgress`, onProgress);
  const asked = resolveMetrics(`${where}: metrics`, options.metrics);
  refuseLists(`${where}: metrics`, asked);
  const metrics = asked.map(({ config }) => config);
  const { loss } = fit;
  const isOfClasses = loss === 'sparseCategoricalCrossEntropy' || kindOfLoss(loss) === 'sparseCategoricalCrossEntropy';
  const stratify = checkBoolean(`${where}: stratify`, options.stratify ?? isOfClasses);
  const { y } = data;
  if (stratify && !isColumn(y)) throw wrongKind(`${where}: stratify`, 'the class of each row as y', 'rows of numbers');
  const rows = rowsOf(y, data, architecture);
  const done: FoldScores[] = [];
  for (const seed of Array.from(seeds, seed => checkSeed(`${where}: seeds`, seed))) {
    const parts: FoldOptions = { folds, seed, ...(stratify && { stratify: y as ArrayLike<number> }) };
    for (const [fold, { train, test }] of kFold(rows, parts).entries()) {
      signal?.throwIfAborted();
      const model = await create(architecture, { seed });
      await model.fit(pick(data as never, train), { ...fit, ...(signal && { signal }) });
      signal?.throwIfAborted();
      // No metric is a list: those were refused.
      const { confusionMatrix: _, ...scores } = model.evaluate(pick(data as never, test), { loss, metrics });
      const found = { seed, fold, rows: test.length, scores };
      done.push(found);
      await onProgress?.(found, done.length, folds * seeds.length);
    }
  }
  return { folds: done, ...summed(done.map(({ scores }) => scores)) };
}

function kindOfLoss(loss: unknown): unknown {
  return typeof loss === 'object' && loss !== null && 'kind' in loss ? loss.kind : undefined;
}

/** Whether y has an entry for each row. */
function isColumn(y: unknown): boolean {
  return !isList(y) || !isList(y[0]);
}

/** How many rows there are: of a list the entries, of a flat array so many numbers each. */
function rowsOf(y: unknown, { x }: TrainingData, { inputShape }: Architecture): number {
  if (isList(x)) return x.length;
  const width = Array.isArray(inputShape)
    ? inputShape.reduce((product: number, length: number) => product * length, 1)
    : 0;
  const { length } = (typeof x === 'object' && 'x' in x ? x.x : x) as ArrayLike<number>;
  return checkInteger('crossValidate: rows', width > 0 ? length / width : (y as ArrayLike<unknown>).length, 2);
}

/** The mean of each score, and its deviation. */
export function summed(all: readonly Readonly<Record<string, number>>[]) {
  const [mean, deviation]: [Record<string, number>, Record<string, number>] = [{}, {}];
  for (const name of Object.keys(all[0] ?? {})) {
    const values = all.map(scores => scores[name] ?? Number.NaN);
    const own = values.reduce((sum, value) => sum + value, 0) / values.length;
    mean[name] = own;
    deviation[name] = Math.sqrt(values.reduce((sum, value) => sum + (value - own) ** 2, 0) / values.length);
  }
  return { mean, deviation };
}
