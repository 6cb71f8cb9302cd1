// Normalisation of each column: by the batch's own numbers (batch normalisation, Ioffe and Szegedy 2015), or by given
// ones.
import { controlsOf, firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { madd } from '../simd/lanes';
import { one, flushed } from '../simd/math';
import { tell } from './finite';

@unmanaged
export class BatchMoments extends Op {
  x: usize;
  mean: usize;
  variance: usize;
  columns: i32;
}

@unmanaged
export class ColumnNorm extends Op {
  y: usize;
  x: usize;
  mean: usize;
  variance: usize;
  /** One for each column, or 0 where nothing is multiplied. */
  gamma: usize;
  /** Likewise, where nothing is added. */
  beta: usize;
  columns: i32;
  epsilon: f32;
  /** 1 where x is normal, and is to have that mean and variance. */
  invert: i32;
  /** 1 where threads share out the panels, 0 where they share out the rows. */
  byPanels: i32;
}

@unmanaged
export class ColumnNormGradient extends Op {
  /** 0 where nobody asks for it; so are dgamma and dbeta. */
  dx: usize;
  dgamma: usize;
  dbeta: usize;
  dy: usize;
  x: usize;
  mean: usize;
  variance: usize;
  gamma: usize;
  columns: i32;
  epsilon: f32;
  invert: i32;
  /** 1 where mean and variance are given numbers, 0 where they are x's own and change with it. */
  fixed: i32;
}

@unmanaged
export class MoveAverages extends Op {
  movingMean: usize;
  movingVariance: usize;
  mean: usize;
  variance: usize;
  columns: i32;
  momentum: f32;
}

/** Rows that are summed up by themselves before they are added to others: a sum of thousands would lose digits. */
const CHUNK: i32 = 64;

/** Where four columns of a value's first row lie. */
// @ts-ignore: decorator
@inline
function columnsAt(value: usize, column: i32, rows: i32): usize {
  return value + <usize>(column / PANEL * rows) * ROW + ((column % PANEL) << 2);
}

/**
 * mean[C] and the biased variance[C] of x[B,C] over its rows: each chunk in two passes, then Chan, Golub and LeVeque
 * 1983.
 */
export function batchMoments(r: BatchMoments): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  for (let column = firstUnit(panels) * PANEL, end = lastUnit(panels) * PANEL; column < end; column += 4) {
    const x = columnsAt(r.x, column, rows);
    let mean = f32x4.splat(0);
    let squares = f32x4.splat(0);
    for (let first = 0; first < rows; first += CHUNK) {
      const last = min(first + CHUNK, rows);
      const count = <f32>(last - first);
      let total = f32x4.splat(0);
      for (let row = first; row < last; row++) total = f32x4.add(total, v128.load(x + row * ROW));
      const own = f32x4.div(total, f32x4.splat(count));
      let spread = f32x4.splat(0);
      for (let row = first; row < last; row++) {
        const d = f32x4.sub(v128.load(x + row * ROW), own);
        spread = madd(d, d, spread);
      }
      const away = f32x4.sub(own, mean);
      const weight = f32x4.splat(count / <f32>last);
      mean = madd(away, weight, mean);
      squares = madd(f32x4.mul(away, away), f32x4.mul(weight, f32x4.splat(<f32>first)), f32x4.add(squares, spread));
    }
    v128.store(r.mean + (column << 2), mean);
    v128.store(r.variance + (column << 2), f32x4.div(squares, f32x4.splat(<f32>rows)));
  }
}

/** √(variance + epsilon); 1 where that is 0, for what never varies is left as it is. */
// @ts-ignore: decorator
@inline
function deviationOf(variance: usize, column: i32, epsilon: f32): v128 {
  const deviation = f32x4.sqrt(f32x4.add(v128.load(variance + (column << 2)), f32x4.splat(epsilon)));
  return v128.bitselect(one(), deviation, f32x4.eq(deviation, f32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function orElse(numbers: usize, column: i32, otherwise: v128): v128 {
  return numbers ? v128.load(numbers + (column << 2)) : otherwise;
}

/**
 * y[B,C] = (x − mean[C]) / √(variance[C] + epsilon) · gamma[C] + beta[C], or inverted x · √(variance[C] + epsilon) +
 * mean[C].
 */
export function columnNormForward(r: ColumnNorm): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  const byPanels = r.byPanels != 0;
  const first = byPanels ? 0 : firstRow(r);
  const last = byPanels ? rows : lastRow(r);
  const end = (byPanels ? lastUnit(panels) : panels) * PANEL;
  for (let column = byPanels ? firstUnit(panels) * PANEL : 0; column < end; column += 4) {
    const x = columnsAt(r.x, column, rows);
    const y = columnsAt(r.y, column, rows);
    const mean = v128.load(r.mean + (column << 2));
    const deviation = deviationOf(r.variance, column, r.epsilon);
    if (r.invert) {
      for (let row = first; row < last; row++) {
        v128.store(y + row * ROW, madd(v128.load(x + row * ROW), deviation, mean));
      }
    } else {
      const scale = f32x4.div(orElse(r.gamma, column, one()), deviation);
      const shift = orElse(r.beta, column, f32x4.splat(0));
      for (let row = first; row < last; row++) {
        v128.store(y + row * ROW, madd(f32x4.sub(v128.load(x + row * ROW), mean), scale, shift));
      }
    }
  }
}

/**
 * dgamma[C] = Σ dy · x̂, dbeta[C] = Σ dy, and dx = gamma / deviation · (dy − mean dy − x̂ · mean(dy · x̂)), of which
 * the means fall away where mean and variance are fixed; inverted dx = dy · deviation. Shared out by panels; dx may be
 * dy's place.
 */
export function columnNormGradient(r: ColumnNormGradient): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  const count = f32x4.splat(<f32>rows);
  for (let column = firstUnit(panels) * PANEL, end = lastUnit(panels) * PANEL; column < end; column += 4) {
    const x = columnsAt(r.x, column, rows);
    const dy = columnsAt(r.dy, column, rows);
    const dx = columnsAt(r.dx, column, rows);
    const mean = v128.load(r.mean + (column << 2));
    const deviation = deviationOf(r.variance, column, r.epsilon);
    if (r.invert) {
      for (let row = 0; row < rows; row++) v128.store(dx + row * ROW, f32x4.mul(v128.load(dy + row * ROW), deviation));
      continue;
    }
    const inverse = f32x4.div(one(), deviation);
    let along = f32x4.splat(0);
    let across = f32x4.splat(0);
    for (let first = 0; first < rows; first += CHUNK) {
      let sum = f32x4.splat(0);
      let product = f32x4.splat(0);
      for (let row = first, last = min(first + CHUNK, rows); row < last; row++) {
        const g = v128.load(dy + row * ROW);
        sum = f32x4.add(sum, g);
        product = madd(g, f32x4.mul(f32x4.sub(v128.load(x + row * ROW), mean), inverse), product);
      }
      along = f32x4.add(along, sum);
      across = f32x4.add(across, product);
    }
    if (r.dgamma) v128.store(r.dgamma + (column << 2), across);
    if (r.dbeta) v128.store(r.dbeta + (column << 2), along);
    if (!r.dx) continue;
    const scale = f32x4.mul(orElse(r.gamma, column, one()), inverse);
    if (r.fixed) {
      for (let row = 0; row < rows; row++) v128.store(dx + row * ROW, f32x4.mul(v128.load(dy + row * ROW), scale));
      continue;
    }
    const level = f32x4.div(along, count);
    const slope = f32x4.mul(f32x4.div(across, count), inverse);
    for (let row = 0; row < rows; row++) {
      const away = f32x4.sub(v128.load(x + row * ROW), mean);
      const g = f32x4.sub(f32x4.sub(v128.load(dy + row * ROW), level), f32x4.mul(away, slope));
      v128.store(dx + row * ROW, f32x4.mul(g, scale));
    }
  }
}

/**
 * moving = momentum · moving + (1 − momentum) · the batch's, without denormals. It comes after the update, and does
 * nothing where that, or an average, has left the finite numbers.
 */
export function moveAverages(r: MoveAverages): void {
  if (controlsOf(r).keeps && r.controls.broken) return;
  const panels = panelsOf(r.columns);
  const first = firstUnit(panels) * ROW;
  const end = lastUnit(panels) * ROW;
  const rest = f32x4.splat(1 - r.momentum);
  const zero = f32x4.splat(0);
  let poison = zero;
  for (let at = first; at < end; at += 16) {
    poison = madd(moved(r.movingMean + at, r.mean + at, rest), zero, poison);
    poison = madd(moved(r.movingVariance + at, r.variance + at, rest), zero, poison);
  }
  tell(r, poison);
  if (v128.any_true(f32x4.ne(poison, poison))) return;
  for (let at = first; at < end; at += 16) {
    v128.store(r.movingMean + at, moved(r.movingMean + at, r.mean + at, rest));
    v128.store(r.movingVariance + at, moved(r.movingVariance + at, r.variance + at, rest));
  }
}

// @ts-ignore: decorator
@inline
function moved(moving: usize, batch: usize, rest: v128): v128 {
  const before = v128.load(moving);
  return flushed(madd(f32x4.sub(v128.load(batch), before), rest, before));
}
