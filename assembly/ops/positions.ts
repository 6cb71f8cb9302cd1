// Whole rows of a sample to other positions: borders, windows, steps in another order.
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, rowsOf } from '../parts';
import { Op, ROW } from '../plan';

@unmanaged
export class MovePositions extends Op {
  y: usize;
  x: usize;
  /** For each position of y the one of x that it is, or −1 for zeros. */
  table: usize;
  columns: i32;
  /** Positions of x. */
  from: i32;
  /**
   * By which input's lengths steps end, counted from 1, 0 for none: the table then counts from the end of x; or where
   * `places`, its own places do from that of y.
   */
  lengths: i32;
  places: i32;
}

/** For streams: y[S,C] moves up by a step, and x[1,C] is its last one. */
@unmanaged
export class PushStep extends Op {
  y: usize;
  x: usize;
  columns: i32;
  steps: i32;
}

export function pushStep(r: PushStep): void {
  const last = <usize>(r.steps - 1) * ROW;
  for (let panel: usize = 0; panel < <usize>panelsOf(r.columns); panel++) {
    const y = r.y + panel * <usize>r.steps * ROW;
    memory.copy(y, y + ROW, last);
    memory.copy(y + last, r.x + panel * ROW, ROW);
  }
}

/** y[B,C] = the rows of x[B,C] that the table names; the record's positions are those of y. */
export function movePositions(r: MovePositions): void {
  const rows = rowsOf(r);
  const height = rows / r.positions * r.from;
  const c = controlsOf(r);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
      const sample = row / r.positions;
      let place = row - sample * r.positions;
      let source = -1;
      const steps = r.places ? r.positions : r.from;
      const less = steps - lengthOf(c, sample, r.lengths, steps);
      if (r.places) place += less;
      if (place < r.positions) source = load<i32>(r.table + (<usize>place << 2));
      if (!r.places) source -= less;
      const y = r.y + <usize>(panel * rows + row) * ROW;
      if (source < 0) memory.fill(y, 0, ROW);
      else memory.copy(y, r.x + <usize>(panel * height + sample * r.from + source) * ROW, ROW);
    }
  }
}
