// Between row-major data and panels, and from panels to others.
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, partNumber, rowsOf, sampleAt } from '../parts';
import { Controls, Op, PANEL, ROW } from '../plan';

@unmanaged
export class Gather extends Op {
  y: usize;
  /** 0 for the samples, 1 for the targets. */
  targets: i32;
  columns: i32;
  /** Numbers of a row of the data, and the first of those that are meant. */
  stride: i32;
  start: i32;
  /** Where each thread gathers all rows for itself, bytes from one thread's copy to the next; else 0. */
  ownBytes: i32;
  /** By which input's lengths its steps end, counted from 1; 0 where they all count. */
  lengths: i32;
  /** Numbers of a step, and what takes the place of those beyond the length. */
  width: i32;
  filler: f32;
}

@unmanaged
export class GatherLabels extends Op {
  y: usize;
  stride: i32;
  start: i32;
}

@unmanaged
export class Scatter extends Op {
  /** Row-major, with `stride` numbers to a sample, of which these begin at `start`. */
  y: usize;
  x: usize;
  columns: i32;
  stride: i32;
  start: i32;
  /** As of {@link Gather}; what is beyond is 0. */
  lengths: i32;
  width: i32;
}

@unmanaged
export class Rearrange extends Op {
  y: usize;
  x: usize;
  /** Where each of a sample's numbers comes from, as its place among those of x; 0 for the order they lie in. */
  table: usize;
  columns: i32;
  /** Columns and positions of x. Where it has fewer numbers they come again and again. */
  from: i32;
  fromPositions: i32;
}

@unmanaged
export class SumRepeated extends Op {
  dx: usize;
  dy: usize;
  columns: i32;
  /** Rows of dy for each of dx. */
  times: i32;
}

/**
 * The sample in the batch that a value's row is of: without a division, which takes as long as to copy a row, where
 * each has one.
 */
// @ts-ignore: decorator
@inline
function sampleOf(r: Op, row: i32): i32 {
  return r.positions == 1 ? row : row / r.positions;
}

/** Where in the data a value's row begins: sample after sample, each with its positions one behind the other. */
// @ts-ignore: decorator
@inline
function placeOf(r: Gather, c: Controls, row: i32): usize {
  if (r.positions == 1) return <usize>sampleAt(c, row) * r.stride + r.start;
  const sample = row / r.positions;
  return <usize>sampleAt(c, sample) * r.stride + r.start + (row - sample * r.positions) * r.columns;
}

/**
 * Rows that are read side by side: each is a stream of its own, so that waiting for one row's memory is waiting for all
 * of them.
 */
const TOGETHER: i32 = 4;

/** y[B,C] = the batch's rows of the samples or targets, as panels; uint8 samples are multiplied by `scale`. */
export function gather(r: Gather): void {
  const c = controlsOf(r);
  const y = r.y + partNumber() * r.ownBytes;
  const end = r.ownBytes ? rowsOf(r) : lastRow(r);
  const bytes = !r.targets && c.bytes != 0;
  for (let first = r.ownBytes ? 0 : firstRow(r); first < end; first += TOGETHER) {
    const last = min(end, first + TOGETHER);
    if (bytes) gatherBytes(y, r, c, first, last);
    else gatherFloats(y, r.targets ? c.y : c.x, r, c, first, last);
    if (!isDefined(CHAINS_ONLY) && r.lengths && c.lengths) fillPadding(y, r, c, first, last);
  }
}

/** The first of a row's numbers that is beyond its sample's length. */
// @ts-ignore: decorator
@inline
function firstPast(r: Op, c: Controls, row: i32, columns: i32, lengths: i32, width: i32): i32 {
  const sample = sampleOf(r, row);
  const before = (row - sample * r.positions) * columns;
  return max(0, lengthOf(c, sample, lengths, i32.MAX_VALUE / width) * width - before);
}

function fillPadding(y: usize, r: Gather, c: Controls, first: i32, last: i32): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  for (let row = first; row < last; row++) {
    for (let i = firstPast(r, c, row, r.columns, r.lengths, r.width); i < r.columns; i++) {
      store<f32>(y + <usize>(i / PANEL) * panelBytes + <usize>row * ROW + (i % PANEL << 2), r.filler);
    }
  }
}

function gatherFloats(y: usize, data: usize, r: Gather, c: Controls, first: i32, last: i32): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  const columns = r.columns;
  let column = 0;
  for (; column + PANEL <= columns; column += PANEL) {
    for (let row = first; row < last; row++) copyRow(y + row * ROW, data + ((placeOf(r, c, row) + column) << 2));
    y += panelBytes;
  }
  if (column == columns) return;
  data += column << 2;
  const left = columns - column;
  for (let row = first; row < last; row++) {
    const from = data + (placeOf(r, c, row) << 2);
    const to = y + row * ROW;
    clearRow(to);
    for (let i = 0; i < left; i++) store<f32>(to + (i << 2), load<f32>(from + (i << 2)));
  }
}

function gatherBytes(y: usize, r: Gather, c: Controls, first: i32, last: i32): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  const columns = r.columns;
  const factor = v128.load32_splat(changetype<usize>(c) + offsetof<Controls>('scale'));
  let column = 0;
  for (; column + PANEL <= columns; column += PANEL) {
    for (let row = first; row < last; row++) {
      const bytes = v128.load(c.x + placeOf(r, c, row) + column);
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      const to = y + row * ROW;
      // Signed, which is one instruction: there are no negative ones among them.
      v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(low)), factor));
      v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(low)), factor), 16);
      v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(high)), factor), 32);
      v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(high)), factor), 48);
    }
    y += panelBytes;
  }
  if (column == columns) return;
  for (let row = first; row < last; row++) {
    const from = c.x + placeOf(r, c, row) + column;
    const to = y + row * ROW;
    clearRow(to);
    for (let i = 0; i < columns - column; i++) store<f32>(to + (i << 2), <f32>load<u8>(from + i) * c.scale);
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
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const sample = sampleOf(r, row);
    const from = <usize>sampleAt(c, sample) * r.stride + r.start + (row - sample * r.positions);
    store<i32>(r.y + (row << 2), load<i32>(c.y + (from << 2)));
  }
}

/** The row-major y[B,C] = x[B,C], behind those of the epoch's earlier rows that y keeps. */
export function scatter(r: Scatter): void {
  const c = controlsOf(r);
  const rows = rowsOf(r);
  const y = r.y + ((<usize>(c.position - c.rows - c.keptFrom) * r.stride + r.start) << 2);
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const sample = sampleOf(r, row);
    let to = y + ((<usize>sample * r.stride + (row - sample * r.positions) * r.columns) << 2);
    let from = r.x + row * ROW;
    let left = r.columns;
    for (; left >= PANEL; left -= PANEL) {
      copyRow(to, from);
      to += ROW;
      from += <usize>rows * ROW;
    }
    for (let i = 0; i < left; i++) store<f32>(to + (i << 2), load<f32>(from + (i << 2)));
    if (isDefined(CHAINS_ONLY) || !r.lengths || !c.lengths) continue;
    to -= <usize>(r.columns - left) << 2;
    for (let i = firstPast(r, c, row, r.columns, r.lengths, r.width); i < r.columns; i++) store<f32>(to + (i << 2), 0);
  }
}

/** y = x, the numbers of each sample in rows of another width, or in another order; this record's positions are y's. */
export function rearrange(r: Rearrange): void {
  const rows = rowsOf(r);
  const fromRows = rows / r.positions * r.fromPositions;
  const numbers = r.from * r.fromPositions;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const sample = row / r.positions;
    let place = (row - sample * r.positions) * r.columns;
    const x = r.x + <usize>(sample * r.fromPositions) * ROW;
    let to = r.y + <usize>row * ROW;
    for (let column = 0; column < r.columns; column += PANEL) {
      clearRow(to);
      const width = min(PANEL, r.columns - column);
      for (let i = 0; i < width; i++, place++) {
        const source = r.table ? load<i32>(r.table + (<usize>place << 2)) : place % numbers;
        const fromRow = source / r.from;
        const fromColumn = source - fromRow * r.from;
        const at = <usize>((fromColumn / PANEL) * fromRows + fromRow) * ROW + ((fromColumn % PANEL) << 2);
        store<f32>(to + (i << 2), load<f32>(x + at));
      }
      to += <usize>rows * ROW;
    }
  }
}

/** dx[B,C] = Σ of the rows of dy that repeat a row of x, in their order. */
export function sumRepeated(r: SumRepeated): void {
  const rows = rowsOf(r);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
      const dx = r.dx + <usize>(panel * rows + row) * ROW;
      const dy = r.dy + <usize>((panel * rows + row) * r.times) * ROW;
      for (let group: usize = 0; group < <usize>ROW; group += 16) {
        let sum = v128.load(dy + group);
        for (let k = 1; k < r.times; k++) sum = f32x4.add(sum, v128.load(dy + <usize>k * ROW + group));
        v128.store(dx + group, sum);
      }
    }
  }
}
