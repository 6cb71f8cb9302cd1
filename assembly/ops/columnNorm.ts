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
  for (let panel = firstUnit(panels), end = lastUnit(panels); panel < end; panel++) {
    const x = r.x + <usize>(panel * rows) * ROW;
    const mean = r.mean + panel * ROW;
    const squares = r.variance + panel * ROW;
    memory.fill(mean, 0, ROW);
    memory.fill(squares, 0, ROW);
    for (let first = 0; first < rows; first += CHUNK) {
      const last = min(first + CHUNK, rows);
      addChunk(x, mean, squares, first, last);
      addChunk(x + 32, mean + 32, squares + 32, first, last);
    }
    const count = f32x4.splat(<f32>rows);
    for (let at = squares; at < squares + ROW; at += 16) v128.store(at, f32x4.div(v128.load(at), count));
  }
}

/** Adds the rows from `first` up to, not with, `last` of eight columns to their mean and their squares around it. */
// @ts-ignore: decorator
@inline
function addChunk(x: usize, mean: usize, squares: usize, first: i32, last: i32): void {
  const count = <f32>(last - first);
  let total0 = f32x4.splat(0);
  let total1 = total0;
  for (let row = first; row < last; row++) {
    total0 = f32x4.add(total0, v128.load(x + row * ROW));
    total1 = f32x4.add(total1, v128.load(x + row * ROW, 16));
  }
  const own0 = f32x4.div(total0, f32x4.splat(count));
  const own1 = f32x4.div(total1, f32x4.splat(count));
  let spread0 = f32x4.splat(0);
  let spread1 = spread0;
  for (let row = first; row < last; row++) {
    const d0 = f32x4.sub(v128.load(x + row * ROW), own0);
    const d1 = f32x4.sub(v128.load(x + row * ROW, 16), own1);
    spread0 = madd(d0, d0, spread0);
    spread1 = madd(d1, d1, spread1);
  }
  merge(mean, squares, own0, spread0, first, last);
  merge(mean + 16, squares + 16, own1, spread1, first, last);
}

/** Puts the mean of some rows, and their squares around it, together with those of all before them. */
function merge(mean: usize, squares: usize, own: v128, spread: v128, first: i32, last: i32): void {
  const before = v128.load(mean);
  const away = f32x4.sub(own, before);
  const weight = f32x4.splat(<f32>(last - first) / <f32>last);
  v128.store(mean, madd(away, weight, before));
  const between = f32x4.mul(weight, f32x4.splat(<f32>first));
  v128.store(squares, madd(f32x4.mul(away, away), between, f32x4.add(v128.load(squares), spread)));
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
  for (let panel = byPanels ? firstUnit(panels) * PANEL : 0; panel < end; panel += PANEL) {
    // A few rows of a panel at a time, so that what one column's numbers lie among is still near for the next.
    for (let from = first; from < last; from += CHUNK) {
      const to = min(from + CHUNK, last);
      normalize(r, panel, rows, from, to);
      normalize(r, panel + 8, rows, from, to);
    }
  }
}

/** Eight columns of the rows from `first` up to, not with, `last`. */
function normalize(r: ColumnNorm, column: i32, rows: i32, first: i32, last: i32): void {
  let x = columnsAt(r.x, column, rows) + <usize>first * ROW;
  const y = columnsAt(r.y, column, rows) + <usize>first * ROW - x;
  const mean0 = v128.load(r.mean + (column << 2));
  const mean1 = v128.load(r.mean + (column << 2), 16);
  let scale0 = deviationOf(r.variance, column, r.epsilon);
  let scale1 = deviationOf(r.variance, column + 4, r.epsilon);
  const end = x + <usize>(last - first) * ROW;
  if (r.invert) {
    for (; x < end; x += ROW) {
      v128.store(y + x, madd(v128.load(x), scale0, mean0));
      v128.store(y + x, madd(v128.load(x, 16), scale1, mean1), 16);
    }
    return;
  }
  scale0 = f32x4.div(orElse(r.gamma, column, one()), scale0);
  scale1 = f32x4.div(orElse(r.gamma, column + 4, one()), scale1);
  const shift0 = orElse(r.beta, column, f32x4.splat(0));
  const shift1 = orElse(r.beta, column + 4, f32x4.splat(0));
  for (; x < end; x += ROW) {
    v128.store(y + x, madd(f32x4.sub(v128.load(x), mean0), scale0, shift0));
    v128.store(y + x, madd(f32x4.sub(v128.load(x, 16), mean1), scale1, shift1), 16);
  }
}

/**
 * dgamma[C] = Σ dy · x̂, dbeta[C] = Σ dy, and dx = gamma / deviation · (dy − mean dy − x̂ · mean(dy · x̂)), of which
 * the means fall away where mean and variance are fixed; inverted dx = dy · deviation. Shared out by panels; dx may be
 * dy's place.
 */
export function columnNormGradient(r: ColumnNormGradient): void {
  const panels = panelsOf(r.columns);
  for (let column = firstUnit(panels) * PANEL, end = lastUnit(panels) * PANEL; column < end; column += 8) {
    goBack(r, column);
  }
}

/** Eight columns of it: fewer would read each line of memory more often. */
function goBack(r: ColumnNormGradient, column: i32): void {
  const rows = rowsOf(r);
  const x = columnsAt(r.x, column, rows);
  const dy = columnsAt(r.dy, column, rows);
  const dx = columnsAt(r.dx, column, rows);
  const mean0 = v128.load(r.mean + (column << 2));
  const mean1 = v128.load(r.mean + (column << 2), 16);
  const deviation0 = deviationOf(r.variance, column, r.epsilon);
  const deviation1 = deviationOf(r.variance, column + 4, r.epsilon);
  if (r.invert) {
    multiplyRows(dx, dy, rows, deviation0, deviation1);
    return;
  }
  const inverse0 = f32x4.div(one(), deviation0);
  const inverse1 = f32x4.div(one(), deviation1);
  let along0 = f32x4.splat(0);
  let along1 = along0;
  let across0 = along0;
  let across1 = along0;
  for (let first = 0; first < rows; first += CHUNK) {
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let product0 = sum0;
    let product1 = sum0;
    for (let row = first, last = min(first + CHUNK, rows); row < last; row++) {
      const g0 = v128.load(dy + row * ROW);
      const g1 = v128.load(dy + row * ROW, 16);
      sum0 = f32x4.add(sum0, g0);
      sum1 = f32x4.add(sum1, g1);
      product0 = madd(g0, f32x4.mul(f32x4.sub(v128.load(x + row * ROW), mean0), inverse0), product0);
      product1 = madd(g1, f32x4.mul(f32x4.sub(v128.load(x + row * ROW, 16), mean1), inverse1), product1);
    }
    along0 = f32x4.add(along0, sum0);
    along1 = f32x4.add(along1, sum1);
    across0 = f32x4.add(across0, product0);
    across1 = f32x4.add(across1, product1);
  }
  if (r.dgamma) {
    v128.store(r.dgamma + (column << 2), across0);
    v128.store(r.dgamma + (column << 2), across1, 16);
  }
  if (r.dbeta) {
    v128.store(r.dbeta + (column << 2), along0);
    v128.store(r.dbeta + (column << 2), along1, 16);
  }
  if (!r.dx) return;
  const scale0 = f32x4.mul(orElse(r.gamma, column, one()), inverse0);
  const scale1 = f32x4.mul(orElse(r.gamma, column + 4, one()), inverse1);
  if (r.fixed) {
    multiplyRows(dx, dy, rows, scale0, scale1);
    return;
  }
  const count = f32x4.splat(<f32>rows);
  const level0 = f32x4.div(along0, count);
  const level1 = f32x4.div(along1, count);
  const slope0 = f32x4.mul(f32x4.div(across0, count), inverse0);
  const slope1 = f32x4.mul(f32x4.div(across1, count), inverse1);
  for (let row = 0; row < rows; row++) {
    const away0 = f32x4.sub(v128.load(x + row * ROW), mean0);
    const away1 = f32x4.sub(v128.load(x + row * ROW, 16), mean1);
    const g0 = f32x4.sub(f32x4.sub(v128.load(dy + row * ROW), level0), f32x4.mul(away0, slope0));
    const g1 = f32x4.sub(f32x4.sub(v128.load(dy + row * ROW, 16), level1), f32x4.mul(away1, slope1));
    v128.store(dx + row * ROW, f32x4.mul(g0, scale0));
    v128.store(dx + row * ROW, f32x4.mul(g1, scale1), 16);
  }
}

/** dx = dy · scale, of eight columns. */
function multiplyRows(dx: usize, dy: usize, rows: i32, scale0: v128, scale1: v128): void {
  for (let at: usize = 0; at < <usize>rows * ROW; at += ROW) {
    v128.store(dx + at, f32x4.mul(v128.load(dy + at), scale0));
    v128.store(dx + at, f32x4.mul(v128.load(dy + at, 16), scale1), 16);
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
