// softmax and its logarithm, over the columns of each row.
import { Op, PANEL, ROW } from '../plan';
import { exp, fading, log } from '../simd/math';
import { firstRow, lastRow, panelsOf, rowsOf } from '../parts';
import { columnMask, largest, madd, sum } from '../simd/lanes';
import { columnAt } from './columns';

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

/** The largest of row x's columns; a NaN among them is left for their sum to find. */
export function rowMaximum(x: usize, columns: i32, panelBytes: usize): f32 {
  const lowest = f32x4.splat(-Infinity);
  let top = lowest;
  for (; columns >= PANEL; columns -= PANEL) {
    const low = f32x4.pmax(v128.load(x), v128.load(x, 16));
    top = f32x4.pmax(top, f32x4.pmax(low, f32x4.pmax(v128.load(x, 32), v128.load(x, 48))));
    x += panelBytes;
  }
  for (; columns >= 4; columns -= 4) {
    top = f32x4.pmax(top, v128.load(x));
    x += 16;
  }
  if (columns > 0) top = f32x4.pmax(top, v128.bitselect(v128.load(x), lowest, columnMask(0, columns)));
  return largest(top);
}

/**
 * Writes exp(x − shift) to y, 0 in the padding, and returns the row's sum; shift is the row's largest. Whole panels by
 * themselves are faster; where the binary is to be short there is one loop for all.
 */
export function rowExponentials(y: usize, x: usize, columns: i32, panelBytes: usize, shift: f32): f32 {
  const s = f32x4.splat(shift);
  let total = f32x4.splat(0);
  x -= y;
  for (; !isDefined(FORWARD_ONLY) && columns >= PANEL; columns -= PANEL) {
    for (const end = y + ROW; y < end; y += 16) {
      const value = fading(f32x4.sub(v128.load(x + y), s));
      total = f32x4.add(total, value);
      v128.store(y, value);
    }
    y += panelBytes - ROW;
  }
  for (; columns > 0; columns -= 4) {
    let value = fading(f32x4.sub(v128.load(x + y), s));
    if (columns < 4) value = v128.and(value, columnMask(0, columns));
    total = f32x4.add(total, value);
    v128.store(y, value);
    y += 16;
    if (isDefined(FORWARD_ONLY) && y % ROW == 0) y += panelBytes - ROW;
  }
  for (; y % ROW != 0; y += 16) v128.store(y, f32x4.splat(0));
  return sum(total);
}

/** y = eˣ / Σ eˣ of a row, 0 in the padding, shifted by its largest so that nothing overflows; y may be x. */
export function softmaxRow(y: usize, x: usize, columns: i32, panelBytes: usize): void {
  const total = rowExponentials(y, x, columns, panelBytes, rowMaximum(x, columns, panelBytes));
  const divisor = f32x4.splat(total);
  for (; columns > 0; columns -= PANEL) {
    for (const end = y + ROW; y < end; y += 16) v128.store(y, f32x4.div(v128.load(y), divisor));
    y += panelBytes - ROW;
  }
}

/** dx = y · (dy − mean) of a row; dx and dy may be the same place. */
function spread(dx: usize, dy: usize, y: usize, columns: i32, panelBytes: usize, mean: f32): void {
  const m = f32x4.splat(mean);
  dx -= y;
  dy -= y;
  for (; columns > 0; columns -= PANEL) {
    for (const end = y + ROW; y < end; y += 16) {
      v128.store(y + dx, f32x4.mul(v128.load(y), f32x4.sub(v128.load(y + dy), m)));
    }
    y += panelBytes - ROW;
  }
}

/** dx = y · (dy − Σ y · dy) of a row; dx and dy may be the same place. */
export function softmaxGradientRow(dx: usize, dy: usize, y: usize, columns: i32, panelBytes: usize): void {
  let d0 = f32x4.splat(0);
  let d1 = d0;
  let d2 = d0;
  let d3 = d0;
  const shift = dy - y;
  for (let at = y, end = y + <usize>panelsOf(columns) * panelBytes; at < end; at += panelBytes) {
    d0 = madd(v128.load(at), v128.load(at + shift), d0);
    d1 = madd(v128.load(at, 16), v128.load(at + shift, 16), d1);
    d2 = madd(v128.load(at, 32), v128.load(at + shift, 32), d2);
    d3 = madd(v128.load(at, 48), v128.load(at + shift, 48), d3);
  }
  spread(dx, dy, y, columns, panelBytes, sum(f32x4.add(f32x4.add(d0, d1), f32x4.add(d2, d3))));
}

/** y[B,C] = eˣ / Σ eˣ; x and y may be the same place. */
export function softmaxForward(r: Softmax): void {
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    softmaxRow(r.y + row * ROW, r.x + row * ROW, r.columns, <usize>rowsOf(r) * ROW);
  }
}

/** dx = y · (dy − Σ y · dy), summed in the order of the columns; dx and dy may be the same place. */
export function softmaxGradient(r: SoftmaxGradient): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const at = <usize>row * ROW;
    let dot = f32x4.splat(0);
    for (let column = 0; column < r.columns; column += 4) {
      const place = columnAt(at, panelBytes, column);
      dot = madd(v128.load(r.y + place), v128.load(r.dy + place), dot);
    }
    spread(r.dx + at, r.dy + at, r.y + at, r.columns, panelBytes, sum(dot));
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
    const value = fading(f32x4.sub(v128.load(columnAt(x, panelBytes, column)), s));
    total = f32x4.add(total, v128.and(value, columnMask(column, columns)));
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
