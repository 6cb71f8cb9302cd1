// softmax and its logarithm, over the columns of each row.
import { Op, PANEL, ROW } from '../plan';
import { exp, log } from '../simd/math';
import { firstRow, lastRow, rowsOf } from '../parts';
import { columnMask, largest, madd, sum } from '../simd/lanes';

@unmanaged
export class Softmax extends Op {
  y: usize;
  x: usize;
  columns: i32;
}

@unmanaged
export class SoftmaxGradient extends Softmax {
  dx: usize;
  dy: usize;
}

/** The largest of row x's columns. */
export function rowMaximum(x: usize, columns: i32, panelBytes: usize): f32 {
  const lowest = f32x4.splat(-Infinity);
  let top = lowest;
  for (let column = 0; column < columns; column += 4) {
    const at = x + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
    // max, not pmax: a NaN anywhere must come through.
    const value = v128.load(at);
    const isWhole = column + 4 <= columns;
    top = f32x4.max(top, isWhole ? value : v128.bitselect(value, lowest, columnMask(column, columns)));
  }
  return largest(top);
}

/** Writes exp(x − shift) to y, 0 in the padding, and returns the row's sum. */
export function rowExponentials(y: usize, x: usize, columns: i32, panelBytes: usize, shift: f32): f32 {
  const s = f32x4.splat(shift);
  let total = f32x4.splat(0);
  for (let first = 0; first < columns; first += PANEL) {
    for (let group = 0; group < PANEL; group += 4) {
      const at = <usize>(first / PANEL) * panelBytes + (group << 2);
      let value = f32x4.splat(0);
      // Padding is not worth an exponential.
      if (first + group < columns) {
        value = exp(f32x4.sub(v128.load(x + at), s));
        if (first + group + 4 > columns) value = v128.and(value, columnMask(first + group, columns));
        total = f32x4.add(total, value);
      }
      v128.store(y + at, value);
    }
  }
  return sum(total);
}

/** y[B,C] = eˣ / Σ eˣ, shifted by the row's largest so that nothing overflows; x and y may be the same place. */
export function softmaxForward(r: Softmax): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const x = r.x + row * ROW;
    const y = r.y + row * ROW;
    const total = rowExponentials(y, x, r.columns, panelBytes, rowMaximum(x, r.columns, panelBytes));
    const divisor = f32x4.splat(total);
    for (let first = 0; first < r.columns; first += PANEL) {
      const at = y + <usize>(first / PANEL) * panelBytes;
      for (let group = 0; group < ROW; group += 16) v128.store(at + group, f32x4.div(v128.load(at + group), divisor));
    }
  }
}

/** dx = y · (dy − Σ y · dy); dx and dy may be the same place. */
export function softmaxGradient(r: SoftmaxGradient): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const bytes = <usize>((r.columns + PANEL - 1) / PANEL) * panelBytes;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const start = <usize>row * ROW;
    let dot = f32x4.splat(0);
    for (let at = start; at < bytes; at += panelBytes) {
      for (let group = 0; group < ROW; group += 16) {
        dot = madd(v128.load(r.y + at + group), v128.load(r.dy + at + group), dot);
      }
    }
    const mean = f32x4.splat(sum(dot));
    for (let at = start; at < bytes; at += panelBytes) {
      for (let group = 0; group < ROW; group += 16) {
        const i = at + group;
        v128.store(r.dx + i, f32x4.mul(v128.load(r.y + i), f32x4.sub(v128.load(r.dy + i), mean)));
      }
    }
  }
}

/** The natural logarithm of one number. */
export function logOf(x: f32): f32 {
  return f32x4.extract_lane(log(f32x4.splat(x)), 0);
}

/** y[B,C] = x − ln Σ eˣ */
export function logSoftmaxForward(r: Softmax): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const x = r.x + row * ROW;
    const y = r.y + row * ROW;
    const top = rowMaximum(x, r.columns, panelBytes);
    const shift = f32x4.splat(top);
    const logTotal = f32x4.splat(logOf(sumOfExponentials(x, r.columns, panelBytes, top)));
    for (let first = 0; first < r.columns; first += PANEL) {
      for (let group = 0; group < PANEL; group += 4) {
        const at = <usize>(first / PANEL) * panelBytes + (group << 2);
        const value = f32x4.sub(f32x4.sub(v128.load(x + at), shift), logTotal);
        v128.store(y + at, v128.and(value, columnMask(first + group, r.columns)));
      }
    }
  }
}

/** Σ exp(x − shift) over one row. */
function sumOfExponentials(x: usize, columns: i32, panelBytes: usize, shift: f32): f32 {
  const s = f32x4.splat(shift);
  let total = f32x4.splat(0);
  for (let column = 0; column < columns; column += 4) {
    const at = x + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
    total = f32x4.add(total, v128.and(exp(f32x4.sub(v128.load(at), s)), columnMask(column, columns)));
  }
  return sum(total);
}

/** dx = dy − eʸ · Σ dy; dx and dy may be the same place. */
export function logSoftmaxGradient(r: SoftmaxGradient): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const start = <usize>row * ROW;
    let total = f32x4.splat(0);
    for (let column = 0; column < r.columns; column += 4) {
      const at = start + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
      total = f32x4.add(total, v128.load(r.dy + at));
    }
    const upstream = f32x4.splat(sum(total));
    for (let first = 0; first < r.columns; first += PANEL) {
      for (let group = 0; group < PANEL; group += 4) {
        const at = start + <usize>(first / PANEL) * panelBytes + (group << 2);
        const share = f32x4.mul(exp(v128.load(r.y + at)), upstream);
        const value = f32x4.sub(v128.load(r.dy + at), share);
        v128.store(r.dx + at, v128.and(value, columnMask(first + group, r.columns)));
      }
    }
  }
}
