/** A cluster of this process alone: what others are measured by, bit by bit. */
import type { Architecture } from '../architecture.js';
import { placed, wrongType } from '../errors.js';
import { isList, kindOf } from '../kinds.js';
import { crossValidateRows } from '../search/crossValidate.js';
import { searchRows } from '../search/search.js';
import type { Cluster, LocalData } from './cluster.js';
import { digestOf, readPart } from './data.js';
import { averageRounds, type RoundCrew, type RoundTask, type ShardReport } from './rounds.js';
import { deterministic, type Models, trainShard } from './shard.js';
import { hashOf } from './tensors.js';

/** The cluster of this process; `models` is the class that its entry makes models of. */
export function localBy(models: Models): Cluster<LocalData> {
  const crew = new LocalCrew(models);
  const create = deterministic(models);
  const all = (where: string, data: LocalData) => {
    checkData(where, data);
    return (architecture: Architecture) => readPart('data', data, { part: 0, parts: 1 }, architecture);
  };
  const close = async () => {};
  return {
    averageRounds: options => averageRounds(models, checkData, async () => crew, options),
    crossValidate: async (architecture, data, options) => {
      return crossValidateRows(create, undefined, architecture, all('crossValidate: data', data), options);
    },
    search: async (space, data, options) => {
      return searchRows(create, undefined, space, all('search: data', data), options);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkData(where: string, data: LocalData): undefined {
  if (typeof data === 'function' || (kindOf(data) === 'Object' && !isList(data))) return;
  throw wrongType(where, '{ x, y }, or a function that reads a part', data);
}

/** Trains shard after shard. */
class LocalCrew implements RoundCrew<LocalData> {
  readonly #models: Models;

  constructor(models: Models) {
    this.#models = models;
  }

  async load(): Promise<undefined> {}

  async keep(): Promise<void> {}

  async forget(): Promise<void> {}

  async finish(): Promise<void> {}

  async train({ config, round, carried, signal }: RoundTask, data: LocalData) {
    const shards: ShardReport[] = [];
    for (let shard = 0; shard < config.shards; shard++) {
      signal?.throwIfAborted();
      const rows = await readPart('data', data, { part: shard, parts: config.shards }, config.architecture);
      try {
        const { bytes, loss } = await trainShard(this.#models, config, { round, shard }, carried, rows, signal);
        shards.push({ bytes, hash: hashOf(bytes), loss, digest: digestOf(rows), worker: 'this process' });
      } catch (cause) {
        signal?.throwIfAborted();
        throw placed(`round ${round + 1}, shard ${shard}`, cause);
      }
    }
    return { shards, bytes: 0, waited: 0 };
  }
}
