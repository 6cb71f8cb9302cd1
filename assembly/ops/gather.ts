// Between row-major data and panels.
import { controlsOf, firstRow, lastRow } from '../parts';
import { Controls, Gather, GatherLabels, PANEL, ROW, Scatter } from '../plan';

/** The sample in row `row` of the batch at hand. */
// @ts-ignore: decorator
@inline
function sampleAt(c: Controls, row: i32): i32 {
  const place = c.position - c.rows + row;
  return c.order ? load<i32>(c.order + (<usize>place << 2)) : place;
}

/** y[B,C] = the batch's rows of the samples or targets, as panels; uint8 samples are multiplied by `scale`. */
export function gather(r: Gather): void {
  const c = controlsOf(r);
  const panelBytes = <usize>c.rows * ROW;
  const columns = r.columns;
  const bytes = !r.targets && c.bytes != 0;
  const data = r.targets ? c.y : c.x;
  for (let row = firstRow(c.rows), end = lastRow(c.rows); row < end; row++) {
    const sample = sampleAt(c, row);
    const to = r.y + row * ROW;
    if (bytes) gatherBytes(to, data + <usize>sample * columns, columns, panelBytes, c.scale);
    else gatherFloats(to, data + ((<usize>sample * columns) << 2), columns, panelBytes);
  }
}

function gatherFloats(to: usize, from: usize, columns: i32, panelBytes: usize): void {
  let left = columns;
  for (; left >= PANEL; left -= PANEL) {
    copyRow(to, from);
    from += ROW;
    to += panelBytes;
  }
  if (left > 0) {
    clearRow(to);
    for (let i = 0; i < left; i++) store<f32>(to + (i << 2), load<f32>(from + (i << 2)));
  }
}

function gatherBytes(to: usize, from: usize, columns: i32, panelBytes: usize, scale: f32): void {
  const factor = f32x4.splat(scale);
  let left = columns;
  for (; left >= PANEL; left -= PANEL) {
    const bytes = v128.load(from);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low)), factor));
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low)), factor), 16);
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high)), factor), 32);
    v128.store(to, f32x4.mul(f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high)), factor), 48);
    from += PANEL;
    to += panelBytes;
  }
  if (left > 0) {
    clearRow(to);
    for (let i = 0; i < left; i++) store<f32>(to + (i << 2), <f32>load<u8>(from + i) * scale);
  }
}

/** Copies sixteen numbers. */
// @ts-ignore: decorator
@inline
function copyRow(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

// @ts-ignore: decorator
@inline
function clearRow(to: usize): void {
  const zero = f32x4.splat(0);
  v128.store(to, zero);
  v128.store(to, zero, 16);
  v128.store(to, zero, 32);
  v128.store(to, zero, 48);
}

/** y[B] = the batch's labels. */
export function gatherLabels(r: GatherLabels): void {
  const c = controlsOf(r);
  for (let row = firstRow(c.rows), end = lastRow(c.rows); row < end; row++) {
    store<i32>(r.y + (row << 2), load<i32>(c.y + (<usize>sampleAt(c, row) << 2)));
  }
}

/** The row-major y[B,C] = x[B,C]. */
export function scatter(r: Scatter): void {
  const rows = controlsOf(r).rows;
  const columns = r.columns;
  for (let row = firstRow(rows), end = lastRow(rows); row < end; row++) {
    let to = r.y + ((<usize>row * columns) << 2);
    let from = r.x + row * ROW;
    let left = columns;
    for (; left >= PANEL; left -= PANEL) {
      copyRow(to, from);
      to += ROW;
      from += <usize>rows * ROW;
    }
    for (let i = 0; i < left; i++) store<f32>(to + (i << 2), load<f32>(from + (i << 2)));
  }
}
