// Columns of a value that need not begin where a panel or a vector does.
import { panelsOf } from '../parts';
import { PANEL, ROW } from '../plan';
import { columnMask } from '../simd/lanes';

/** Where a binary is to be short, what is side by side is told from what is not in one place alone. */
const SHORT = isDefined(FORWARD_ONLY);

/** Where a column of a row lies; panels are `stride` bytes apart. */
// @ts-ignore: decorator
@inline
export function columnAt(row: usize, stride: usize, column: i32): usize {
  return row + <usize>(column >>> 4) * stride + ((column & (PANEL - 1)) << 2);
}

/** Four columns of a row. */
export function takeLanes(row: usize, stride: usize, column: i32): v128 {
  if ((column & 3) == 0) return v128.load(columnAt(row, stride, column));
  let value = v128.load32_zero(columnAt(row, stride, column));
  value = v128.load32_lane(columnAt(row, stride, column + 1), value, 1);
  value = v128.load32_lane(columnAt(row, stride, column + 2), value, 2);
  return v128.load32_lane(columnAt(row, stride, column + 3), value, 3);
}

/** The same, at once where the columns lie side by side. */
// @ts-ignore: decorator
@inline
export function takeFour(row: usize, stride: usize, column: i32): v128 {
  return !SHORT && (column & 3) == 0 ? v128.load(columnAt(row, stride, column)) : takeLanes(row, stride, column);
}

/** Writes those of four columns that are below `end`. */
export function putLanes(row: usize, stride: usize, column: i32, end: i32, value: v128): void {
  if ((column & 3) == 0 && column + 4 <= end) {
    v128.store(columnAt(row, stride, column), value);
    return;
  }
  store<f32>(columnAt(row, stride, column), f32x4.extract_lane(value, 0));
  if (column + 1 < end) store<f32>(columnAt(row, stride, column + 1), f32x4.extract_lane(value, 1));
  if (column + 2 < end) store<f32>(columnAt(row, stride, column + 2), f32x4.extract_lane(value, 2));
  if (column + 3 < end) store<f32>(columnAt(row, stride, column + 3), f32x4.extract_lane(value, 3));
}

/** The same, at once where the columns lie side by side. */
// @ts-ignore: decorator
@inline
export function putFour(row: usize, stride: usize, column: i32, end: i32, value: v128): void {
  if (!SHORT && (column & 3) == 0 && column + 4 <= end) v128.store(columnAt(row, stride, column), value);
  else putLanes(row, stride, column, end, value);
}

/** Copies a row of a panel, or clears it where there is none: the engine's copying takes longer for so few bytes. */
// @ts-ignore: decorator
@inline
export function copyRow(to: usize, from: usize): void {
  for (let i: usize = 0; i < <usize>ROW; i += 16) v128.store(to + i, from ? v128.load(from + i) : f32x4.splat(0));
}

/** Columns `first … first + columns − 1` of `count` rows to a matrix of their own, times `scale`; padding becomes 0. */
export function takeColumns(
  to: usize,
  row: usize,
  stride: usize,
  count: i32,
  first: i32,
  columns: i32,
  scale: f32,
): void {
  const factor = f32x4.splat(scale);
  const own = <usize>count * ROW;
  for (let column = 0; column < panelsOf(columns) * PANEL; column += 4) {
    const mask = columnMask(column, columns);
    const from = first + column;
    const isTogether = (from & 3) == 0;
    let at = isTogether ? columnAt(row, stride, from) : row;
    let y = columnAt(to, own, column);
    for (const end = y + own; y < end; y += ROW) {
      let value = f32x4.splat(0);
      if (column < columns) {
        value = isTogether ? v128.load(at) : takeFour(at, stride, from);
        value = v128.and(f32x4.mul(value, factor), mask);
      }
      v128.store(y, value);
      at += ROW;
    }
  }
}

/** The way back of {@link takeColumns}; what lies beside is left as it is. */
export function putColumns(
  row: usize,
  stride: usize,
  from: usize,
  count: i32,
  first: i32,
  columns: i32,
  scale: f32,
): void {
  const factor = f32x4.splat(scale);
  const own = <usize>count * ROW;
  for (let column = 0; column < columns; column += 4) {
    for (let k: usize = 0; k < <usize>count; k++) {
      const value = f32x4.mul(v128.load(columnAt(from + k * ROW, own, column)), factor);
      putFour(row + k * ROW, stride, first + column, first + columns, value);
    }
  }
}
