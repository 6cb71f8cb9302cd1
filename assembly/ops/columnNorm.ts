// Normalisation of each column: by the batch's own numbers (batch normalisation, Ioffe and Szegedy 2015), or by given
// ones.
import { controlsOf, firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { madd } from '../simd/lanes';
import { one, flushed } from '../simd/math';
import { tell } from './finite';

/** Of each chunk of a value's rows two sums: of each of its panels two rows, one behind the other. */
@unmanaged
export class ColumnChunks extends Op {
  chunks: usize;
  x: usize;
  /** 0 for the moments of x, else of dy · x̂ and dy, with the mean and variance that x̂ is of. */
  dy: usize;
  mean: usize;
  variance: usize;
  columns: i32;
  epsilon: f32;
}

/** What the sums of all chunks come to. */
@unmanaged
export class ColumnSums extends Op {
  chunks: usize;
  /** The mean and the variance, or the two sums. */
  first: usize;
  second: usize;
  columns: i32;
  moments: i32;
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
}

@unmanaged
export class ColumnNormGradient extends Op {
  dx: usize;
  /** Of these columns; 0 where mean and variance are fixed, or it is inverted. */
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

/** Chunks of a record's rows. */
// @ts-ignore: decorator
@inline
function chunksOf(r: Op): i32 {
  return (rowsOf(r) + CHUNK - 1) / CHUNK;
}

/** Where four columns of a value's first row lie. */
// @ts-ignore: decorator
@inline
function columnsAt(value: usize, column: i32, rows: i32): usize {
  return value + <usize>(column / PANEL * rows) * ROW + ((column % PANEL) << 2);
}

/**
 * Of each chunk of x[B,C] its mean and the squares around it; or Σ dy · x̂ and Σ dy, x̂ = (x − mean[C]) /
 * √(variance[C] + epsilon). Shared out by chunks.
 */
export function columnChunks(r: ColumnChunks): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  const chunks = chunksOf(r);
  for (let chunk = firstUnit(chunks), end = lastUnit(chunks); chunk < end; chunk++) {
    const count = min(CHUNK, rows - chunk * CHUNK);
    for (let column = 0; column < panels * PANEL; column += 8) {
      const shift = columnsAt(0, column, rows) + <usize>(chunk * CHUNK) * ROW;
      const to = columnsAt(r.chunks, column, 2) + <usize>(chunk * panels) * (2 * ROW);
      if (r.dy) addProducts(r, to, column, shift, count);
      else if (column % PANEL == 0) measure(to, r.x + shift, count);
    }
  }
}

/** Mean, and squares around it, of a panel of so many rows. */
function measure(to: usize, x: usize, rows: i32): void {
  const count = f32x4.splat(<f32>rows);
  const end = x + <usize>rows * ROW;
  let total0 = f32x4.splat(0);
  let total1 = total0;
  let total2 = total0;
  let total3 = total0;
  for (let at = x; at < end; at += ROW) {
    total0 = f32x4.add(total0, v128.load(at));
    total1 = f32x4.add(total1, v128.load(at, 16));
    total2 = f32x4.add(total2, v128.load(at, 32));
    total3 = f32x4.add(total3, v128.load(at, 48));
  }
  const own0 = f32x4.div(total0, count);
  const own1 = f32x4.div(total1, count);
  const own2 = f32x4.div(total2, count);
  const own3 = f32x4.div(total3, count);
  let spread0 = f32x4.splat(0);
  let spread1 = spread0;
  let spread2 = spread0;
  let spread3 = spread0;
  for (let at = x; at < end; at += ROW) {
    const d0 = f32x4.sub(v128.load(at), own0);
    const d1 = f32x4.sub(v128.load(at, 16), own1);
    const d2 = f32x4.sub(v128.load(at, 32), own2);
    const d3 = f32x4.sub(v128.load(at, 48), own3);
    spread0 = madd(d0, d0, spread0);
    spread1 = madd(d1, d1, spread1);
    spread2 = madd(d2, d2, spread2);
    spread3 = madd(d3, d3, spread3);
  }
  v128.store(to, own0);
  v128.store(to, own1, 16);
  v128.store(to, own2, 32);
  v128.store(to, own3, 48);
  v128.store(to + ROW, spread0);
  v128.store(to + ROW, spread1, 16);
  v128.store(to + ROW, spread2, 32);
  v128.store(to + ROW, spread3, 48);
}

/**
 * The mean[C] and the biased variance[C] of all rows (Chan, Golub and LeVeque 1983), or both sums; chunk by chunk in
 * their order. Shared out by panels.
 */
export function columnSums(r: ColumnSums): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  const count = f32x4.splat(<f32>rows);
  for (let column = firstUnit(panels) * PANEL, end = lastUnit(panels) * PANEL; column < end; column += 4) {
    const to = r.first + (<usize>column << 2);
    const second = r.second + (<usize>column << 2);
    v128.store(to, f32x4.splat(0));
    v128.store(second, f32x4.splat(0));
    let from = columnsAt(r.chunks, column, 2);
    for (let first = 0; first < rows; first += CHUNK) {
      const a = v128.load(from);
      const b = v128.load(from + ROW);
      if (r.moments) {
        merge(to, second, a, b, first, min(first + CHUNK, rows));
      } else {
        v128.store(to, f32x4.add(v128.load(to), a));
        v128.store(second, f32x4.add(v128.load(second), b));
      }
      from += <usize>panels * (2 * ROW);
    }
    if (r.moments) v128.store(second, f32x4.div(v128.load(second), count));
  }
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
  for (let panel = 0; panel < panelsOf(r.columns) * PANEL; panel += PANEL) normalize(r, panel, rows);
}

/** What columns are multiplied by. */
function scaleOf(r: ColumnNorm, column: i32): v128 {
  const deviation = deviationOf(r.variance, column, r.epsilon);
  return r.invert ? deviation : f32x4.div(orElse(r.gamma, column, one()), deviation);
}

/** A panel, whose twelve vectors of numbers just fit the registers that engines have. */
function normalize(r: ColumnNorm, column: i32, rows: i32): void {
  const own = <usize>column << 2;
  // Zeros lie at 0.
  const less = r.invert ? 0 : r.mean + own;
  const more = r.invert ? r.mean + own : r.beta ? r.beta + own : 0;
  const mean0 = v128.load(less);
  const mean1 = v128.load(less, 16);
  const mean2 = v128.load(less, 32);
  const mean3 = v128.load(less, 48);
  const shift0 = v128.load(more);
  const shift1 = v128.load(more, 16);
  const shift2 = v128.load(more, 32);
  const shift3 = v128.load(more, 48);
  const scale0 = scaleOf(r, column);
  const scale1 = scaleOf(r, column + 4);
  const scale2 = scaleOf(r, column + 8);
  const scale3 = scaleOf(r, column + 12);
  let x = columnsAt(r.x, column, rows) + <usize>firstRow(r) * ROW;
  const y = r.y - r.x;
  for (const end = x + <usize>(lastRow(r) - firstRow(r)) * ROW; x < end; x += ROW) {
    v128.store(y + x, madd(f32x4.sub(v128.load(x), mean0), scale0, shift0));
    v128.store(y + x, madd(f32x4.sub(v128.load(x, 16), mean1), scale1, shift1), 16);
    v128.store(y + x, madd(f32x4.sub(v128.load(x, 32), mean2), scale2, shift2), 32);
    v128.store(y + x, madd(f32x4.sub(v128.load(x, 48), mean3), scale3, shift3), 48);
  }
}

/** Σ dy · x̂ and Σ dy of eight columns of so many rows, from `shift` on. */
function addProducts(r: ColumnChunks, to: usize, column: i32, shift: usize, rows: i32): void {
  let x = r.x + shift;
  const dy = r.dy - r.x;
  const mean0 = v128.load(r.mean + (column << 2));
  const mean1 = v128.load(r.mean + (column << 2), 16);
  // Through memory, or V8 of Node 20 takes the roots and quotients into the loop.
  v128.store(to, f32x4.div(one(), deviationOf(r.variance, column, r.epsilon)));
  v128.store(to, f32x4.div(one(), deviationOf(r.variance, column + 4, r.epsilon)), 16);
  const inverse0 = v128.load(to);
  const inverse1 = v128.load(to, 16);
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let product0 = sum0;
  let product1 = sum0;
  for (const end = x + <usize>rows * ROW; x < end; x += ROW) {
    const g0 = v128.load(dy + x);
    const g1 = v128.load(dy + x, 16);
    sum0 = f32x4.add(sum0, g0);
    sum1 = f32x4.add(sum1, g1);
    product0 = madd(g0, f32x4.mul(f32x4.sub(v128.load(x), mean0), inverse0), product0);
    product1 = madd(g1, f32x4.mul(f32x4.sub(v128.load(x, 16), mean1), inverse1), product1);
  }
  v128.store(to, product0);
  v128.store(to, product1, 16);
  v128.store(to + ROW, sum0);
  v128.store(to + ROW, sum1, 16);
}

/**
 * dx = gamma / deviation · (dy − mean dy − x̂ · mean(dy · x̂)), of which the means fall away where mean and variance
 * are fixed; inverted dx = dy · deviation. dx may be dy's place.
 */
export function columnNormGradient(r: ColumnNormGradient): void {
  const rows = rowsOf(r);
  const last = lastRow(r);
  for (let panel = 0; panel < panelsOf(r.columns) * PANEL; panel += PANEL) {
    for (let from = firstRow(r); from < last; from += CHUNK) {
      const to = min(from + CHUNK, last);
      goBack(r, panel, rows, from, to);
      goBack(r, panel + 8, rows, from, to);
    }
  }
}

/** Eight columns of the rows from `first` up to, not with, `last`. */
function goBack(r: ColumnNormGradient, column: i32, rows: i32, first: i32, last: i32): void {
  let x = columnsAt(r.x, column, rows) + <usize>first * ROW;
  const dy = columnsAt(r.dy, column, rows) + <usize>first * ROW - x;
  const dx = columnsAt(r.dx, column, rows) + <usize>first * ROW - x;
  const end = x + <usize>(last - first) * ROW;
  let scale0 = deviationOf(r.variance, column, r.epsilon);
  let scale1 = deviationOf(r.variance, column + 4, r.epsilon);
  const inverse0 = f32x4.div(one(), scale0);
  const inverse1 = f32x4.div(one(), scale1);
  if (!r.invert) {
    scale0 = f32x4.mul(orElse(r.gamma, column, one()), inverse0);
    scale1 = f32x4.mul(orElse(r.gamma, column + 4, one()), inverse1);
  }
  if (r.invert || r.fixed) {
    for (; x < end; x += ROW) {
      v128.store(dx + x, f32x4.mul(v128.load(dy + x), scale0));
      v128.store(dx + x, f32x4.mul(v128.load(dy + x, 16), scale1), 16);
    }
    return;
  }
  const count = f32x4.splat(<f32>rows);
  const at = <usize>column << 2;
  const mean0 = v128.load(r.mean + at);
  const mean1 = v128.load(r.mean + at, 16);
  const level0 = f32x4.div(v128.load(r.dbeta + at), count);
  const level1 = f32x4.div(v128.load(r.dbeta + at, 16), count);
  const slope0 = f32x4.mul(f32x4.div(v128.load(r.dgamma + at), count), inverse0);
  const slope1 = f32x4.mul(f32x4.div(v128.load(r.dgamma + at, 16), count), inverse1);
  for (; x < end; x += ROW) {
    const away0 = f32x4.sub(v128.load(x), mean0);
    const away1 = f32x4.sub(v128.load(x, 16), mean1);
    const g0 = f32x4.sub(f32x4.sub(v128.load(dy + x), level0), f32x4.mul(away0, slope0));
    const g1 = f32x4.sub(f32x4.sub(v128.load(dy + x, 16), level1), f32x4.mul(away1, slope1));
    v128.store(dx + x, f32x4.mul(g0, scale0));
    v128.store(dx + x, f32x4.mul(g1, scale1), 16);
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
