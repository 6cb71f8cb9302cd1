// Whole rows of a sample to other positions: borders, windows, steps in another order.
import { firstRow, lastRow, panelsOf, rowsOf } from '../parts';
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
}

/** y[B,C] = the rows of x[B,C] that the table names; the record's positions are those of y. */
export function movePositions(r: MovePositions): void {
  const rows = rowsOf(r);
  const height = rows / r.positions * r.from;
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
      const sample = row / r.positions;
      const source = load<i32>(r.table + (<usize>(row - sample * r.positions) << 2));
      const y = r.y + <usize>(panel * rows + row) * ROW;
      if (source < 0) memory.fill(y, 0, ROW);
      else memory.copy(y, r.x + <usize>(panel * height + sample * r.from + source) * ROW, ROW);
    }
  }
}
