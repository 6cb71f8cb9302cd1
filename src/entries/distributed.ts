/** Training beyond one fit and one machine, where Node is. */
import type { Cluster, LocalData, WorkOptions } from '../distributed/cluster.js';
import { localBy } from '../distributed/local.js';
import { clusterBy } from '../distributed/remote.js';
import { work as workBy } from '../distributed/work.js';
import { Model } from './node.js';

export {
  type AveragedRounds,
  type Cluster,
  type LocalData,
  nesterov,
  type Outer,
  type Part,
  plainAverage,
  type Reader,
  type RoundEvent,
  type RoundsOptions,
  type WorkEvent,
  type WorkOptions,
} from '../distributed/cluster.js';

/**
 * A cluster of this process alone, which gives the bits that any other gives. `data` is `{ x, y, scale? }`, whose
 * shards are rows that follow one another, or a function `({ part, parts }) => ({ x, y, scale? })`.
 */
export function local(): Cluster<LocalData> {
  return localBy(Model);
}

/**
 * The workers (`npx myelin work`) at a broker: Redis or Valkey by `redis://…` and `rediss://…`, PostgreSQL by
 * `postgres://…`. `data` is the name of a reader that workers have. Connects when it is first used; close it in the
 * end.
 *
 * @param options `name` tells the cluster from others at the same broker
 */
export function cluster(url: string, options: { readonly name: string }): Cluster<string> {
  return clusterBy(Model, url, options);
}

/**
 * A worker of the cluster of that name, as `npx myelin work` is one: trains what coordinators give until the signal is
 * aborted.
 *
 * @throws where the broker cannot be had, or its coordinators have another version of this package
 */
export function work(url: string, options: WorkOptions): Promise<void> {
  return workBy(Model, url, options);
}
