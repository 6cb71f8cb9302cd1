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

/** x − mean, 0 in the padding. */
// @ts-ignore: decorator
@inline
function deviation(x: v128, mean: v128, column: i32, columns: i32): v128 {
  return v128.and(f32x4.sub(x, mean), columnMask(column, columns));
}

function rowMean(x: usize, columns: i32, panelBytes: usize): f32 {
  let total = f32x4.splat(0);
  for (let column = 0; column < columns; column += 4) {
    total = f32x4.add(total, v128.load(x + offsetOf(column, panelBytes)));
  }
  return sum(total) / <f32>columns;
}

/** The mean square of what is left of a row. */
function rowVariance(x: usize, columns: i32, panelBytes: usize, mean: v128): f32 {
  let total = f32x4.splat(0);
  for (let column = 0; column < columns; column += 4) {
    const d = deviation(v128.load(x + offsetOf(column, panelBytes)), mean, column, columns);
    total = madd(d, d, total);
  }
  return sum(total) / <f32>columns;
}

/** y[B,C] = x̂ · gamma[C] + beta[C], where x̂ = (x − mean) / √(variance + epsilon), each over the row's columns. */
export function rowNormForward(r: RowNorm): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const width = panelsOf(r.columns) * PANEL;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const x = r.x + row * ROW;
    const y = r.y + row * ROW;
    const center: f32 = r.centered ? rowMean(x, r.columns, panelBytes) : 0;
    const mean = f32x4.splat(center);
    const inverse: f32 = 1 / sqrt<f32>(rowVariance(x, r.columns, panelBytes, mean) + r.epsilon);
    store<f32>(r.moments + row * ROW, center);
    store<f32>(r.moments + row * ROW, inverse, 4);
    const scale = f32x4.splat(inverse);
    for (let column = 0; column < width; column += 4) {
      const at = offsetOf(column, panelBytes);
      const normal = f32x4.mul(deviation(v128.load(x + at), mean, column, r.columns), scale);
      const shift = r.beta ? v128.load(r.beta + (column << 2)) : f32x4.splat(0);
      v128.store(y + at, madd(normal, v128.load(r.gamma + (column << 2)), shift));
    }
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
