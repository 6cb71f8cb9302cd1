/** How well an architecture learns, told by rows that did not train: every row is one of them once. */
import { orAbort } from '../abort.js';
import type { Architecture } from '../architecture.js';
import { type FoldOptions, foldsOf } from '../data/parts.js';
import { checkBoolean, checkOptions, wrongKind, wrongType } from '../errors.js';
import { isList, isNumberArray, kindOf } from '../kinds.js';
import { type Metric, refuseLists, resolveMetrics } from '../metrics/definitions.js';
import type { Signal } from '../platform.js';
import { checkSeed } from '../random.js';
import { checkFunction, checkSignal, type TrainingData } from '../trainingOptions.js';
import {
  allDiverged,
  type Create,
  checkArchitecture,
  type FoldFit,
  hasDiverged,
  type JudgedRows,
  judgedRuns,
  rowsFor,
} from './judged.js';
import { checkWorkers, type RunsOf, type Workers } from './runs.js';

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
  /**
   * How many folds are trained at a time, on worker threads: by default as many as there are cores, where that is
   * quicker, and with 1 on this thread. Where what a fold needs has functions, or the platform has no such workers, all
   * are trained on this thread. The results do not depend on it.
   */
  readonly workers?: Workers;
  /** Ends it within a second, workers included; it rejects with the signal's reason. */
  readonly signal?: Signal;
  /** Called, and awaited, after each fold, in their order. */
  readonly onProgress?: (fold: FoldScores, done: number, of: number) => void | Promise<void>;
}

/** How a fold's model does on the rows that it was not trained on. */
export interface FoldScores {
  readonly seed: number;
  /** Counted from 0. */
  readonly fold: number;
  /** Rows that it is judged by. */
  readonly rows: number;
  /** `loss`, and the metrics by their names; a loss of NaN alone where the training diverged. */
  readonly scores: Readonly<Record<string, number>>;
  /** What a training that diverged ended with; the others go on. */
  readonly error?: string;
}

export interface CrossValidation {
  readonly folds: readonly FoldScores[];
  /** Over folds and seeds; NaN where one diverged. */
  readonly mean: Readonly<Record<string, number>>;
  /** Of the population of folds. */
  readonly deviation: Readonly<Record<string, number>>;
}

const optionNames = ['folds', 'seeds', 'stratify', 'fit', 'metrics', 'workers', 'signal', 'onProgress'];

/**
 * Trains a model for each fold and judges it on the rows that are left out: `fit` adapts what normalises anew in each.
 * Folds that take long are trained on worker threads, a core each; no bit depends on it.
 *
 * @throws where there are more folds than rows, or than rows of the smallest class, what `fit` throws, and where every
 *   training diverges: one that does is a fold with its error
 */
export type CrossValidate = (
  architecture: Architecture,
  data: TrainingData,
  options: CrossValidationOptions,
) => Promise<CrossValidation>;

/** The function of an entry; `create` makes its models, `by` says how those are carried out. */
export function crossValidationBy(create: Create, by?: RunsOf): CrossValidate {
  return (architecture, data, options) => crossValidateRows(create, by, architecture, data, options);
}

/** Of rows that need not be in memory yet. */
export async function crossValidateRows(
  create: Create,
  by: RunsOf | undefined,
  architecture: Architecture,
  given: JudgedRows,
  options: CrossValidationOptions,
): Promise<CrossValidation> {
  const where = 'crossValidate';
  checkOptions(where, options, optionNames);
  const { folds = 5, seeds = [0], fit, signal, onProgress } = options;
  if (!isList(seeds) || seeds.length === 0) throw wrongType(`${where}: seeds`, 'a list of seeds', seeds);
  if (kindOf(fit) !== 'Object') throw wrongType(`${where}: fit`, 'what models are trained with, as fit takes it', fit);
  checkSignal(`${where}: signal`, signal);
  checkFunction(`${where}: onProgress`, onProgress);
  const workers = checkWorkers(where, options.workers);
  const asked = resolveMetrics(`${where}: metrics`, options.metrics);
  refuseLists(`${where}: metrics`, asked);
  const metrics = asked.map(({ config }) => config);
  checkArchitecture(where, architecture);
  const data = typeof given === 'function' ? await given(architecture) : given;
  const rows = rowsFor(where, data, architecture);
  const { y } = data;
  const { loss } = fit;
  const isOfClasses = loss === 'sparseCategoricalCrossEntropy' || kindOfLoss(loss) === 'sparseCategoricalCrossEntropy';
  const stratify = checkBoolean(`${where}: stratify`, options.stratify ?? (isOfClasses && isColumn(y, rows)));
  if (stratify && !isColumn(y, rows)) {
    throw wrongKind(`${where}: stratify`, 'the class of each row as y', 'something else', 'leave stratify out');
  }
  const rounds = Array.from(seeds, seed => checkSeed(`${where}: seeds`, seed)).flatMap(seed => {
    const parts: FoldOptions = { folds, seed, ...(stratify && { stratify: y as ArrayLike<number> }) };
    return foldsOf(name => `${where}: ${name}`, rows, parts).map((own, fold) => ({
      ...own,
      fold,
      seed,
      architecture,
      fit,
      metrics,
    }));
  });
  const runs = judgedRuns(create, by, { data, rows }, { threads: fit.threads, workers, signal });
  const done: FoldScores[] = [];
  try {
    for await (const judged of runs.inOrder(rounds)) {
      const { seed, fold, test } = rounds[done.length] as (typeof rounds)[number];
      const outcome = hasDiverged(judged) ? { scores: { loss: Number.NaN }, ...judged } : { scores: judged };
      const found = { seed, fold, rows: test.length, ...outcome };
      done.push(found);
      await orAbort(signal, onProgress?.(found, done.length, rounds.length));
    }
  } finally {
    await runs.close();
  }
  const whole = done.find(({ error }) => error === undefined);
  if (whole === undefined) throw allDiverged(where, done);
  const names = Object.keys(whole.scores);
  return {
    folds: done,
    ...summed(
      done.map(({ scores }) => scores),
      names,
    ),
  };
}

function kindOfLoss(loss: unknown): unknown {
  return typeof loss === 'object' && loss !== null && 'kind' in loss ? loss.kind : undefined;
}

/** Whether y has a number for each row. */
function isColumn(y: unknown, rows: number): boolean {
  return (isList(y) || isNumberArray(y)) && y.length === rows && !isList(y[0]);
}

/** The mean of each score, and its deviation. */
export function summed(all: readonly Readonly<Record<string, number>>[], names = Object.keys(all[0] ?? {})) {
  const [mean, deviation]: [Record<string, number>, Record<string, number>] = [{}, {}];
  for (const name of names) {
    const values = all.map(scores => scores[name] ?? Number.NaN);
    const own = values.reduce((sum, value) => sum + value, 0) / values.length;
    mean[name] = own;
    deviation[name] = Math.sqrt(values.reduce((sum, value) => sum + (value - own) ** 2, 0) / values.length);
  }
  return { mean, deviation };
}
