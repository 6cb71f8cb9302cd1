/** A cluster of this process alone: what others are measured by, bit by bit. */

import { wrongType } from '../errors.js';
import { isList, kindOf } from '../kinds.js';
import { crossValidationBy } from '../search/crossValidate.js';
import { searchBy } from '../search/search.js';
import type { Cluster, LocalData } from './cluster.js';
import { digestOf, readPart } from './data.js';
import { averageRounds, type RoundCrew, type RoundTask, type ShardReport } from './rounds.js';
import { deterministic, type Models, trainShard } from './shard.js';
import { hashOf } from './tensors.js';

/** The cluster of this process; `models` is the class that its entry makes models of. */
export function localBy(models: Models): Cluster<LocalData> {
  const crew = new LocalCrew(models);
  const create = deterministic(models);
  const [validate, trySettings] = [crossValidationBy(create), searchBy(create)];
  const all = (data: LocalData) => readPart('data', data, { part: 0, parts: 1 });
  const close = async () => {};
  return {
    averageRounds: options => averageRounds(models, crew, options),
    crossValidate: async (architecture, data, options) => validate(architecture, await all(data), options),
    search: async (space, data, options) => trySettings(space, await all(data), options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Trains shard after shard. */
class LocalCrew implements RoundCrew<LocalData> {
  readonly #models: Models;

  constructor(models: Models) {
    this.#models = models;
  }

  checkData(where: string, data: LocalData): undefined {
    if (typeof data === 'function' || (kindOf(data) === 'Object' && !isList(data))) return;
    throw wrongType(where, '{ x, y }, or a function that reads a part', data);
  }

  async load(): Promise<undefined> {}

  async keep(): Promise<void> {}

  async forget(): Promise<void> {}

  async finish(): Promise<void> {}

  async train({ config, round, carried, signal }: RoundTask, data: LocalData) {
    const shards: ShardReport[] = [];
    for (let shard = 0; shard < config.shards; shard++) {
      signal?.throwIfAborted();
      const rows = await readPart('data', data, { part: shard, parts: config.shards });
      const { bytes, loss } = await trainShard(this.#models, config, { round, shard }, carried, rows, signal);
      shards.push({ bytes, hash: hashOf(bytes), loss, digest: digestOf(rows), worker: 'this process' });
    }
    return { shards, bytes: 0, waited: 0 };
  }
}
