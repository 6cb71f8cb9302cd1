/** The run that cross-validation and search are made of: a new model, trained on some rows and judged by others. */
import { type Architecture, inputsOf } from '../architecture.js';
import { pickParts } from '../data/parts.js';
import { checkInteger, isDivergence, shorten, wrongType, wrongValue } from '../errors.js';
import { isList, kindOf } from '../kinds.js';
import type { Metric } from '../metrics/definitions.js';
import type { Model } from '../model.js';
import type { Signal } from '../platform.js';
import { size } from '../shape.js';
import type { FitOptions, TrainerOptions, TrainingData } from '../trainingOptions.js';
import { type Runs, type RunsOf, runsHere, type Workers } from './runs.js';

/** What each run's model is trained with: what `fit` takes, but what watches a single fit. */
export type FoldFit = Omit<TrainerOptions & FitOptions, 'validation' | 'signal' | 'onBatch' | 'onEpoch' | 'callbacks'>;

/** How models come about. */
export type Create = (architecture: Architecture, options: { seed: number }) => Promise<Model>;

/** Rows in memory, or what gives them once all else is known to be right. */
export type JudgedRows = TrainingData | ((architecture: Architecture) => Promise<TrainingData>);

/** What all runs have in common. */
export interface JudgedData {
  readonly data: TrainingData;
  readonly rows: number;
}

export interface JudgedRun {
  readonly architecture: Architecture;
  readonly seed: number;
  readonly fit: FoldFit;
  readonly metrics: readonly Metric[];
  readonly train: ArrayLike<number>;
  readonly test: ArrayLike<number>;
}

/** A run that came to no scores: its cost or parameters were no finite numbers any more. */
export interface Diverged {
  readonly error: string;
}

export type Judged = Record<string, number> | Diverged;

export function hasDiverged(result: object): result is Diverged {
  return 'error' in result;
}

/** The error of trainings of which none came to its end. */
export function allDiverged(where: string, [first]: readonly { readonly error?: string }[]): RangeError {
  const got = `none; the first ended with «${shorten(first?.error ?? '', 100)}»`;
  return wrongValue(where, 'a training that stays finite', got, 'lower the learning rates or scale the data');
}

/** Trains a new model, and gives `loss` and the metrics, none of which is a list. */
export async function trainAndJudge(
  create: Create,
  { data, rows }: JudgedData,
  { architecture, seed, fit, metrics, train, test }: JudgedRun,
  signal?: Signal,
): Promise<Judged> {
  const model = await create(architecture, { seed });
  const part = (own: ArrayLike<number>) => pickParts('data', data, own, rows) as TrainingData;
  return unlessDiverged(async () => {
    await model.fit(part(train), { ...fit, ...(signal && { signal }) });
    if (signal?.aborted) return {};
    const { loss, lossWeights } = fit;
    const asked = { loss, metrics, ...(lossWeights !== undefined && { lossWeights }) };
    const { confusionMatrix: _, ...scores } = model.evaluate(part(test), asked);
    return scores;
  });
}

/** What a run comes to; what ends it is thrown, unless it is that its own numbers grew beyond all bounds. */
export async function unlessDiverged<R>(run: () => Promise<R>): Promise<R | Diverged> {
  try {
    return await run();
  } catch (error) {
    if (isDivergence(error)) return { error: error.message };
    throw error;
  }
}

/** Such runs, carried out by what an entry has. */
export function judgedRuns(
  create: Create,
  by: RunsOf = runsHere,
  common: JudgedData,
  options: { readonly threads?: FoldFit['threads']; readonly workers: Workers; readonly signal: Signal | undefined },
): Runs<JudgedRun, Judged> {
  return by({
    ...options,
    kind: 'fit',
    common,
    forWorker: (job, threads) => ({ ...job, fit: { ...job.fit, threads } }),
    here: (job, signal) => trainAndJudge(create, common, job, signal),
  });
}

/** @throws where it is none, as what a function that gives nothing, or a promise of one, gives */
export function checkArchitecture(where: string, architecture: Architecture): Architecture {
  if (kindOf(architecture) !== 'Object')
    throw wrongType(where, 'an architecture, such as sequential gives', architecture);
  return architecture;
}

/** How many rows a network is given: of a list the entries, of a flat array so many numbers each. */
export function rowsFor(where: string, data: TrainingData, architecture: Architecture): number {
  if (kindOf(data) !== 'Object' || (data.x ?? undefined) === undefined) {
    throw wrongType(`${where}: data`, '{ x, y } in memory', data, 'chunks cannot be parted');
  }
  const { x } = data;
  const [input] = inputsOf(architecture);
  const given = (input?.name === undefined ? x : (x as Record<string, unknown>)[input.name]) as ArrayLike<unknown>;
  const values = typeof given === 'object' && 'x' in given ? (given as { x: ArrayLike<unknown> }).x : given;
  const { length = 0 } = values ?? {};
  return checkInteger(`${where}: rows`, isList(values) ? length : length / size(input?.shape ?? [1]), 2);
}
