/** What a shard's job does in a round: trains a model from the run's parameters on the shard's rows. */
import type { Architecture } from '../architecture.js';
import type { Bytes } from '../kinds.js';
import type { Model } from '../model.js';
import type { Signal } from '../platform.js';
import type { PredictorClass } from '../predictor.js';
import { Purpose, philox } from '../random.js';
import { chooseBackend } from '../runtime/binaries.js';
import type { Create, FoldFit } from '../search/judged.js';
import type { TrainingData } from '../trainingOptions.js';
import { pack, parameterSpecs, unpack } from './tensors.js';

/** The class that an entry makes models of. */
export interface Models extends PredictorClass<Model> {
  create(architecture: Architecture, options: { seed: number; deterministic: boolean }): Promise<Model>;
}

/** Makes models whose bits are the same everywhere. */
export function deterministic(models: Models): Create {
  return (architecture, { seed }) => models.create(architecture, { seed, deterministic: true });
}

/** What all jobs of a run have in common; plain data. */
export interface RoundsConfig {
  readonly architecture: Architecture;
  /** The reader's name, where there is one. */
  readonly data?: string;
  readonly shards: number;
  readonly seed: number;
  readonly local: FoldFit;
}

/** What the network of a run is to begin a job with: no parameters are drawn, as all of them come with the job. */
async function emptyModel(models: Models, architecture: Architecture, seed: number): Promise<Model> {
  const backend = await chooseBackend(models.host, { deterministic: true, turbo: false });
  return new models({ architecture, backend, seed });
}

/** The seed of a shard's job in a round, counted from 0: whoever does it draws the same numbers. */
export function shardSeed(seed: number, round: number, shard: number): number {
  const [low, high] = philox([round, shard, 0, Purpose.shard], [seed >>> 0, Math.floor(seed / 2 ** 32)]);
  return (high >>> 11) * 2 ** 32 + low;
}

/**
 * The parameters after a shard's local training, and the cost of its last epoch.
 *
 * @throws the signal's reason where it is aborted
 */
export async function trainShard(
  models: Models,
  { architecture, seed, local }: RoundsConfig,
  { round, shard }: { readonly round: number; readonly shard: number },
  parameters: Uint8Array,
  data: TrainingData,
  signal?: Signal,
): Promise<{ bytes: Bytes; loss: number }> {
  const model = await emptyModel(models, architecture, shardSeed(seed, round, shard));
  const specs = parameterSpecs(architecture);
  model.setParameters(unpack(`round ${round + 1}, parameters`, specs, parameters));
  const { loss } = await model.fit(data, { ...local, ...(signal && { signal }) });
  signal?.throwIfAborted();
  const values = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
  return { bytes: pack(specs, values), loss: loss.at(-1) ?? 0 };
}
