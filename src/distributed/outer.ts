/** What a round makes of the parameters that its shards were trained to. */
import { findNotFinite } from '../data/samples.js';
import { checkChoice, wrongType, wrongValue } from '../errors.js';
import { hasKey } from '../kinds.js';
import { nesterov, type Outer, plainAverage } from './cluster.js';
import type { Carried } from './tensors.js';

export function checkOuter(where: string, outer: unknown): Outer {
  if (!hasKey(outer, 'kind')) throw wrongType(where, 'nesterov(…) or plainAverage()', outer);
  const kind = checkChoice(`${where}: kind`, outer.kind, ['nesterov', 'plainAverage']);
  const { kind: _, ...settings } = outer as { kind: unknown };
  return kind === 'nesterov' ? nesterov(settings) : plainAverage();
}

/** Numbers by tensors' names. */
export type Values = Readonly<Record<string, Float32Array>>;

/** Where a run stands: what is carried from round to round, and how fast that moves. */
export interface Position {
  readonly values: Values;
  /** Of what learns, by its names; with a plain average none. */
  readonly velocity: Values;
}

/**
 * What is carried into the next round. Sums are float64 and in the order of the shards, so that the bits do not depend
 * on who trained them; state that does not learn, such as moving statistics, is averaged.
 *
 * @throws where a number is not finite any more
 */
export function outerStep(
  outer: Outer,
  carried: readonly Carried[],
  before: Position,
  shards: readonly Values[],
): Position {
  const values: Record<string, Float32Array> = {};
  const velocity: Record<string, Float32Array> = {};
  for (const { name, trainable } of carried) {
    const mean = meanOf(shards.map(shard => shard[name] ?? new Float32Array()));
    let after: Float32Array = Float32Array.from(mean);
    if (outer.kind === 'nesterov' && trainable) {
      const speed = Float32Array.from(before.velocity[name] ?? new Float32Array(mean.length));
      velocity[name] = speed;
      after = nesterovStep(outer, before.values[name] ?? new Float32Array(), mean, speed);
    }
    values[name] = after;
    if (findNotFinite(after) >= 0) {
      const mend = 'take a lower learning rate, of the local optimizer or the outer one';
      throw wrongValue(`averageRounds: ${name}`, 'finite numbers after the outer step', 'others', mend);
    }
  }
  return { values, velocity };
}

function meanOf(shards: readonly Float32Array[]): Float64Array {
  const mean = new Float64Array(shards[0]?.length ?? 0);
  for (const shard of shards) for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + (shard[i] ?? 0);
  for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) / shards.length;
  return mean;
}

/** The parameters after the step, as PyTorch defines it; `speed` is changed to what it is then. */
function nesterovStep(
  { learningRate, momentum }: { readonly learningRate: number; readonly momentum: number },
  before: Float32Array,
  mean: Float64Array,
  speed: Float32Array,
): Float32Array {
  const after = new Float32Array(mean.length);
  for (let i = 0; i < mean.length; i++) {
    const old = before[i] ?? 0;
    const way = old - (mean[i] ?? 0);
    speed[i] = momentum * (speed[i] ?? 0) + way;
    after[i] = old - learningRate * (way + momentum * (speed[i] ?? 0));
  }
  return after;
}
