// Whole rows of a sample to other positions: borders, windows, steps in another order.
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, rowsOf } from '../parts';
import { Op, ROW } from '../plan';
import { copyRow } from './columns';

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
  /** Whether rows lie step by step, each of all samples, and not sample by sample: + 1 for those of y, + 2 of x. */
  turned: i32;
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
  const to = r.positions;
  const samples = rows / to;
  const steps = r.places ? to : r.from;
  const c = controlsOf(r);
  for (let sample = firstRow(r) / to, end = lastRow(r) / to; sample < end; sample++) {
    const less = steps - lengthOf(c, sample, r.lengths, steps);
    for (let place = 0; place < to; place++) {
      const entry = r.places ? place + less : place;
      const named = entry < to ? load<i32>(r.table + (<usize>entry << 2)) : -1;
      const source = r.places ? named : named - less;
      const at = r.turned & 1 ? place * samples + sample : sample * to + place;
      const from = r.turned & 2 ? source * samples + sample : sample * r.from + source;
      for (let panel = 0; panel < panelsOf(r.columns); panel++) {
        const x = source < 0 ? 0 : r.x + <usize>(panel * samples * r.from + from) * ROW;
        copyRow(r.y + <usize>(panel * rows + at) * ROW, x);
      }
    }
  }
}
