/** Training beyond one fit and one machine, where Node is. */
import type { Cluster, LocalData } from '../distributed/cluster.js';
import { localBy } from '../distributed/local.js';
import { Model } from './node.js';

export type {
  AveragedRounds,
  Cluster,
  LocalData,
  Part,
  Reader,
  RoundEvent,
  RoundsOptions,
} from '../distributed/cluster.js';
export { nesterov, type Outer, plainAverage } from '../distributed/outer.js';

/**
 * A cluster of this process alone, which gives the bits that any other gives. `data` is `{ x, y, scale? }`, whose shards
 * are rows that follow one another, or a function `({ part, parts }) => ({ x, y, scale? })`.
 */
export function local(): Cluster<LocalData> {
  return localBy(Model);
}
