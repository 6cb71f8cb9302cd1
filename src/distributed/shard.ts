/** What a shard's job does in a round: trains a model from the run's parameters on the shard's rows. */
import type { Architecture } from '../architecture.js';
import type { Bytes } from '../kinds.js';
import type { Model } from '../model.js';
import type { Signal } from '../platform.js';
import type { PredictorClass } from '../predictor.js';
import { prepareRun } from '../prepareRun.js';
import { Purpose, philox } from '../random.js';
import { chooseBackend } from '../runtime/binaries.js';
import type { Create, FoldFit } from '../search/judged.js';
import type { TrainerOf } from '../trainer.js';
import type { FitOptions, TrainerOptions, TrainingData } from '../trainingOptions.js';
import type { Outer } from './cluster.js';
import { optimizerState, readOptimizer, restoreOptimizer } from './optimizerState.js';
import { plainData } from './plain.js';
import { pack, parameterSpecs, pickBy, unpack } from './tensors.js';

/** The class that an entry makes models of. */
export interface Models extends PredictorClass<Model> {
  readonly trainerClass: TrainerOf<Model>;
  create(architecture: Architecture, options: { seed: number; deterministic: boolean }): Promise<Model>;
}

/** Makes models whose bits are the same everywhere. */
export function deterministic(models: Models): Create {
  return (architecture, { seed }) => models.create(architecture, { seed, deterministic: true });
}

/** What tells a run from others, and what all its jobs have in common; plain data. */
export interface RoundsConfig {
  readonly architecture: Architecture;
  /** The reader's name, where there is one. */
  readonly data?: string;
  readonly shards: number;
  readonly seed: number;
  readonly local: FoldFit;
  /** Whether optimisers go on in each round from the mean of their states after the one before. */
  readonly keepOptimizer?: boolean;
  readonly outer: Outer;
  /** SHA-256 of what it begins with. */
  readonly parameters: string;
}

/** What a trainer is made with, and what its fit is given. */
export function partsOf({ epochs, shuffle, validationSplit, ...trainer }: FoldFit): [TrainerOptions, FitOptions] {
  return [trainer, plainData('', { epochs, shuffle, validationSplit }) as FitOptions];
}

/** The seed of a shard's job in a round, counted from 0: whoever does it draws the same numbers. */
export function shardSeed(seed: number, round: number, shard: number): number {
  const [low, high] = philox([round, shard, 0, Purpose.shard], [seed >>> 0, Math.floor(seed / 2 ** 32)]);
  return (high >>> 11) * 2 ** 32 + low;
}

/**
 * What a shard's local training makes of what is carried, and the cost of its last epoch.
 *
 * @throws the signal's reason where it is aborted
 */
export async function trainShard(
  models: Models,
  { architecture, seed, local, keepOptimizer }: RoundsConfig,
  { round, shard }: { readonly round: number; readonly shard: number },
  carried: Uint8Array,
  data: TrainingData,
  signal?: Signal,
): Promise<{ bytes: Bytes; loss: number }> {
  const backend = await chooseBackend(models.host, { deterministic: true, turbo: false });
  // No parameters are drawn, as all of them come with the job.
  const model = new models({ architecture, backend, seed: shardSeed(seed, round, shard) });
  const parameters = parameterSpecs(architecture);
  const state = keepOptimizer ? optimizerState('fit', local.optimizer, parameters) : [];
  const values = unpack(`round ${round + 1}, parameters`, [...parameters, ...state], carried);
  model.setParameters(pickBy(parameters, values));
  const [options, fit] = partsOf(local);
  const run = await prepareRun(model, backend, options, 'fit', signal);
  const trainer = new models.trainerClass(run);
  try {
    restoreOptimizer(run, values);
    const { loss } = await trainer.fit(data, { ...fit, ...(signal && { signal }) });
    signal?.throwIfAborted();
    const trained = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
    return { bytes: pack([...parameters, ...state], { ...trained, ...readOptimizer(run) }), loss: loss.at(-1) ?? 0 };
  } finally {
    trainer.dispose();
  }
}
