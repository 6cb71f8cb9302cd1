// Normalisation of each row by itself: layer normalisation (Ba, Kiros and Hinton 2016), and without the mean RMS
// normalisation (Zhang and Sennrich 2019).
import { firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { columnMask, madd, nmadd, sum } from '../simd/lanes';

@unmanaged
export class RowNorm extends Op {
  y: usize;
  x: usize;
  /** One for each column. */
  gamma: usize;
  /** Likewise, or 0 where nothing is added. */
  beta: usize;
  /** Each row's mean and 1 / deviation, the first two columns of a value: the way back needs them. */
  moments: usize;
  columns: i32;
  /** 1 where the mean is taken off; else it counts as 0. */
  centered: i32;
  epsilon: f32;
}

@unmanaged
export class RowNormGradient extends Op {
  dx: usize;
  dy: usize;
  x: usize;
  gamma: usize;
  moments: usize;
  columns: i32;
  centered: i32;
}

@unmanaged
export class RowNormParameterGradient extends Op {
  dgamma: usize;
  dbeta: usize;
  dy: usize;
  x: usize;
  moments: usize;
  columns: i32;
}

// @ts-ignore: decorator
@inline
function offsetOf(column: i32, panelBytes: usize): usize {
  return <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
}

/** Sums of neighbours, in order. */
// @ts-ignore: decorator
@inline
function sumPairs(a: v128, b: v128): v128 {
  return f32x4.add(v128.shuffle<f32>(a, b, 0, 2, 4, 6), v128.shuffle<f32>(a, b, 1, 3, 5, 7));
}

/**
 * Rows that are normalised at a time, so that none waits for its sums; one where a binary is to be short. Where fewer
 * than four are left, the last one stands for those that would follow.
 */
const ROWS = isDefined(FORWARD_ONLY) ? 1 : 4;

/** The mean of each of four rows, whose columns are added up in these lanes. */
function meanOfFour(a: v128, b: v128, c: v128, d: v128, columns: i32): v128 {
  if (ROWS == 1) return f32x4.splat(sum(a) / <f32>columns);
  return f32x4.div(sumPairs(sumPairs(a, b), sumPairs(c, d)), f32x4.splat(<f32>columns));
}

/** y[B,C] = x̂ · gamma[C] + beta[C], where x̂ = (x − mean) / √(variance + epsilon), each over the row's columns. */
export function rowNormForward(r: RowNorm): void {
  for (let row = firstRow(r), end = lastRow(r); row < end; row += ROWS) normalize(r, row, end - row);
}

/** So many rows, of `left` that are left. */
function normalize(r: RowNorm, row: i32, left: i32): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  const columns = r.columns;
  const width = panelsOf(columns) * PANEL;
  const step1: usize = left > 1 ? ROW : 0;
  const step2: usize = left > 2 ? 2 * ROW : step1;
  const step3: usize = left > 3 ? 3 * ROW : step2;
  const x = r.x + row * ROW;
  let t0 = f32x4.splat(0);
  let t1 = t0;
  let t2 = t0;
  let t3 = t0;
  for (let column = 0; r.centered && column < columns; column += 4) {
    const at = x + offsetOf(column, panelBytes);
    t0 = f32x4.add(t0, v128.load(at));
    if (ROWS == 1) continue;
    t1 = f32x4.add(t1, v128.load(at + step1));
    t2 = f32x4.add(t2, v128.load(at + step2));
    t3 = f32x4.add(t3, v128.load(at + step3));
  }
  const means = meanOfFour(t0, t1, t2, t3, columns);
  const m0 = ROWS == 1 ? means : v128.shuffle<f32>(means, means, 0, 0, 0, 0);
  const m1 = v128.shuffle<f32>(means, means, 1, 1, 1, 1);
  const m2 = v128.shuffle<f32>(means, means, 2, 2, 2, 2);
  const m3 = v128.shuffle<f32>(means, means, 3, 3, 3, 3);
  t0 = f32x4.splat(0);
  t1 = t0;
  t2 = t0;
  t3 = t0;
  for (let column = 0; column < columns; column += 4) {
    const at = x + offsetOf(column, panelBytes);
    const mask = columnMask(column, columns);
    const d0 = v128.and(f32x4.sub(v128.load(at), m0), mask);
    t0 = madd(d0, d0, t0);
    if (ROWS == 1) continue;
    const d1 = v128.and(f32x4.sub(v128.load(at + step1), m1), mask);
    const d2 = v128.and(f32x4.sub(v128.load(at + step2), m2), mask);
    const d3 = v128.and(f32x4.sub(v128.load(at + step3), m3), mask);
    t1 = madd(d1, d1, t1);
    t2 = madd(d2, d2, t2);
    t3 = madd(d3, d3, t3);
  }
  const variance = f32x4.add(meanOfFour(t0, t1, t2, t3, columns), f32x4.splat(r.epsilon));
  const inverse = f32x4.div(f32x4.splat(1), f32x4.sqrt(variance));
  const s0 = ROWS == 1 ? inverse : v128.shuffle<f32>(inverse, inverse, 0, 0, 0, 0);
  const s1 = v128.shuffle<f32>(inverse, inverse, 1, 1, 1, 1);
  const s2 = v128.shuffle<f32>(inverse, inverse, 2, 2, 2, 2);
  const s3 = v128.shuffle<f32>(inverse, inverse, 3, 3, 3, 3);
  const moments = r.moments + row * ROW;
  v128.store32_lane(moments, means, 0);
  v128.store32_lane(moments, inverse, 0, 4);
  if (ROWS > 1) {
    v128.store64_lane(moments + step1, v128.shuffle<f32>(means, inverse, 1, 5, 1, 5), 0);
    v128.store64_lane(moments + step2, v128.shuffle<f32>(means, inverse, 2, 6, 2, 6), 0);
    v128.store64_lane(moments + step3, v128.shuffle<f32>(means, inverse, 3, 7, 3, 7), 0);
  }
  const y = r.y - r.x;
  for (let column = 0; column < width; column += 4) {
    const at = x + offsetOf(column, panelBytes);
    const mask = columnMask(column, columns);
    const gamma = v128.load(r.gamma + (column << 2));
    const shift = v128.load(r.beta ? r.beta + (column << 2) : 0);
    const n0 = f32x4.mul(v128.and(f32x4.sub(v128.load(at), m0), mask), s0);
    if (ROWS == 1) {
      v128.store(y + at, madd(n0, gamma, shift));
      continue;
    }
    const n1 = f32x4.mul(v128.and(f32x4.sub(v128.load(at + step1), m1), mask), s1);
    const n2 = f32x4.mul(v128.and(f32x4.sub(v128.load(at + step2), m2), mask), s2);
    const n3 = f32x4.mul(v128.and(f32x4.sub(v128.load(at + step3), m3), mask), s3);
    v128.store(y + at, madd(n0, gamma, shift));
    v128.store(y + at + step1, madd(n1, gamma, shift));
    v128.store(y + at + step2, madd(n2, gamma, shift));
    v128.store(y + at + step3, madd(n3, gamma, shift));
  }
}

/**
 * dx = (g − mean g − x̂ · mean(g · x̂)) / deviation, where g = dy · gamma and the means are the row's; dx may be dy's
 * place.
 */
export function rowNormGradient(r: RowNormGradient): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const width = panelsOf(r.columns) * PANEL;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const x = r.x + row * ROW;
    const dy = r.dy + row * ROW;
    const mean = v128.load32_splat(r.moments + row * ROW);
    const inverse = v128.load32_splat(r.moments + row * ROW, 4);
    let along = f32x4.splat(0);
    let across = f32x4.splat(0);
    for (let column = 0; column < r.columns; column += 4) {
      const at = offsetOf(column, panelBytes);
      const g = f32x4.mul(v128.load(dy + at), v128.load(r.gamma + (column << 2)));
      along = f32x4.add(along, g);
      across = madd(g, f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse), across);
    }
    const level = f32x4.splat(r.centered ? sum(along) / <f32>r.columns : 0);
    const slope = f32x4.splat(sum(across) / <f32>r.columns);
    for (let column = 0; column < width; column += 4) {
      const at = offsetOf(column, panelBytes);
      const g = f32x4.mul(v128.load(dy + at), v128.load(r.gamma + (column << 2)));
      const normal = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
      const value = f32x4.mul(nmadd(normal, slope, f32x4.sub(g, level)), inverse);
      v128.store(r.dx + row * ROW + at, v128.and(value, columnMask(column, r.columns)));
    }
  }
}

/** dgamma[C] = Σ dy · x̂ and dbeta[C] = Σ dy over the rows, in their order; shared out by panels. */
export function rowNormParameterGradient(r: RowNormParameterGradient): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  for (let column = firstUnit(panels) * PANEL, end = lastUnit(panels) * PANEL; column < end; column += 4) {
    let dgamma = f32x4.splat(0);
    let dbeta = f32x4.splat(0);
    const start = offsetOf(column, <usize>rows * ROW);
    for (let row = 0; row < rows; row++) {
      const at = start + row * ROW;
      const dy = v128.load(r.dy + at);
      const mean = v128.load32_splat(r.moments + row * ROW);
      const inverse = v128.load32_splat(r.moments + row * ROW, 4);
      dgamma = madd(dy, f32x4.mul(f32x4.sub(v128.load(r.x + at), mean), inverse), dgamma);
      dbeta = f32x4.add(dbeta, dy);
    }
    v128.store(r.dgamma + (column << 2), dgamma);
    if (r.dbeta) v128.store(r.dbeta + (column << 2), dbeta);
  }
}
