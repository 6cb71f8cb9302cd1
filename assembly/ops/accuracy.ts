// How many rows the network gets right. Too little work to share out: the first thread counts.
import { controlsOf, isPast, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';

@unmanaged
export class Accuracy extends Op {
  x: usize;
  target: usize;
  /** Where this output's own right answers are counted, in float64; 0 for the controls. */
  tally: usize;
  columns: i32;
  /** Outputs above it count as the positive class. */
  threshold: f32;
  /** By which input's lengths its steps end, counted from 1; 0 where they all count. */
  lengths: i32;
}

/** The column of the largest of row x; the first where several are. */
function largestColumn(x: usize, columns: i32, panelBytes: usize): i32 {
  let best = 0;
  let top = load<f32>(x);
  for (let column = 1; column < columns; column++) {
    const value = load<f32>(x + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2));
    if (value > top) {
      top = value;
      best = column;
    }
  }
  return best;
}

function count(r: Accuracy, right: i32): void {
  if (r.tally) store<f64>(r.tally, load<f64>(r.tally) + <f64>right);
  else controlsOf(r).correct += right;
}

/** Counts rows whose largest output stands where the largest target does. */
export function categoricalAccuracy(r: Accuracy): void {
  if (partNumber() != 0) return;
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    if (r.lengths && isPast(r, row, r.lengths)) continue;
    const at = row * ROW;
    const guess = largestColumn(r.x + at, r.columns, panelBytes);
    right += i32(guess == largestColumn(r.target + at, r.columns, panelBytes));
  }
  count(r, right);
}

/** Counts rows whose largest output is the label. */
export function sparseCategoricalAccuracy(r: Accuracy): void {
  if (partNumber() != 0) return;
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    if (r.lengths && isPast(r, row, r.lengths)) continue;
    const guess = largestColumn(r.x + row * ROW, r.columns, panelBytes);
    right += i32(guess == load<i32>(r.target + (row << 2)));
  }
  count(r, right);
}

/** Counts elements that lie on the same side as their target: above `threshold` where the target is above ½ … */
export function thresholdAccuracy(r: Accuracy): void {
  if (partNumber() != 0) return;
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    if (r.lengths && isPast(r, row, r.lengths)) continue;
    for (let column = 0; column < r.columns; column++) {
      const at = <usize>(column / PANEL) * panelBytes + row * ROW + ((column % PANEL) << 2);
      right += i32(load<f32>(r.x + at) > r.threshold == load<f32>(r.target + at) > 0.5);
    }
  }
  count(r, right);
}
