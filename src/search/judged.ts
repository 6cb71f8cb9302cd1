/** The run that cross-validation and search are made of: a new model, trained on some rows and judged by others. */
import { type Architecture, inputsOf } from '../architecture.js';
import { pickParts } from '../data/parts.js';
import { checkInteger } from '../errors.js';
import { isList } from '../kinds.js';
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

/** Trains a new model, and gives `loss` and the metrics, none of which is a list. */
export async function trainAndJudge(
  create: Create,
  { data, rows }: JudgedData,
  { architecture, seed, fit, metrics, train, test }: JudgedRun,
  signal?: Signal,
): Promise<Record<string, number>> {
  const model = await create(architecture, { seed });
  const part = (own: ArrayLike<number>) => pickParts('data', data, own, rows) as TrainingData;
  await model.fit(part(train), { ...fit, ...(signal && { signal }) });
  if (signal?.aborted) return {};
  const { loss, lossWeights } = fit;
  const asked = { loss, metrics, ...(lossWeights !== undefined && { lossWeights }) };
  const { confusionMatrix: _, ...scores } = model.evaluate(part(test), asked);
  return scores;
}

/** Such runs, carried out by what an entry has. */
export function judgedRuns(
  create: Create,
  by: RunsOf = runsHere,
  common: JudgedData,
  options: { readonly threads?: FoldFit['threads']; readonly workers: Workers; readonly signal: Signal | undefined },
): Runs<JudgedRun, Record<string, number>> {
  return by({
    ...options,
    kind: 'fit',
    common,
    forWorker: (job, threads) => ({ ...job, fit: { ...job.fit, threads } }),
    here: (job, signal) => trainAndJudge(create, common, job, signal),
  });
}

/** How many rows a network is given: of a list the entries, of a flat array so many numbers each. */
export function rowsFor(where: string, { x }: TrainingData, architecture: Architecture): number {
  const [input] = inputsOf(architecture);
  const given = (input?.name === undefined ? x : (x as Record<string, unknown>)[input.name]) as ArrayLike<unknown>;
  const values = typeof given === 'object' && 'x' in given ? (given as { x: ArrayLike<unknown> }).x : given;
  const { length = 0 } = values ?? {};
  return checkInteger(`${where}: rows`, isList(values) ? length : length / size(input?.shape ?? [1]), 2);
}
