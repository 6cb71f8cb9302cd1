// Where a step begins: which rows it takes, and whether the numbers it was given are numbers.
import { controlsOf } from '../parts';
import { Controls, Op } from '../plan';

@unmanaged
export class NextBatch extends Op {
  /** How many batches an update takes; 0 where it is none. */
  counts: i32;
}

@unmanaged
export class CheckFinite extends Op {
  columns: i32;
}

/** Moves on to the next rows of the epoch; the last batch takes what is left. */
export function nextBatch(r: NextBatch): void {
  const c = controlsOf(r);
  c.rows = min(c.batchSize, c.samples - c.position);
  c.position += c.rows;
  if (!r.counts) return;
  if (c.taken == 0) {
    c.draw += 1;
    if (c.step < i32.MAX_VALUE) c.step += 1;
    if (c.rates) {
      c.learningRate = load<f64>(c.rates);
      c.rates += 8;
    }
    c.takenRows = 0;
    c.takenCost = 0;
  }
  c.takenRows += c.rows;
  if (r.counts > 1) c.taken += 1;
}

/** After each batch of an update that takes several; the last of an epoch takes what is left. */
@unmanaged
export class NextPart extends Op {
  counts: i32;
}

/** Whether an update takes no further batch. */
// @ts-ignore: decorator
@inline
export function isComplete(c: Controls, counts: i32): bool {
  return c.taken == counts || c.position >= c.samples;
}

/** Adds the batch's cost to those before it; true where another batch has to come before the update. */
export function nextPart(r: NextPart): bool {
  const c = controlsOf(r);
  c.takenCost += c.cost * c.rows;
  c.cost = c.takenCost / c.takenRows;
  if (!isComplete(c, r.counts)) return true;
  c.taken = 0;
  return false;
}

/** False, with `failure` at the first such number, where a sample is NaN or infinite. Bytes always pass. */
export function checkFinite(r: CheckFinite): bool {
  const c = controlsOf(r);
  c.failure = -1;
  if (c.bytes) return true;
  const from = c.x;
  const count = c.samples * r.columns;
  // A number times 0 is 0, or NaN where it was not finite; NaN then stays in the sum.
  // Four sums, because each addition waits for the one before it.
  const zero = f32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const at = from + (<usize>i << 2);
    s0 = f32x4.add(s0, f32x4.mul(v128.load(at), zero));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(at, 16), zero));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(at, 32), zero));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(at, 48), zero));
  }
  const poison = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  let clean = !v128.any_true(f32x4.ne(poison, poison));
  for (; i < count; i++) clean = clean && isFinite(load<f32>(from + (<usize>i << 2)));
  if (clean) return true;
  for (i = 0; isFinite(load<f32>(from + (<usize>i << 2))); ) i++;
  c.failure = i;
  return false;
}
