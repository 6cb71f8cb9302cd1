// What makes one value of several, and adds up the gradients of one that several read.
import { Op, ROW } from '../plan';
import { firstUnit, lastUnit, panelsOf, rowsOf } from '../parts';

@unmanaged
export class Accumulate extends Op {
  dx: usize;
  /** The share of a further reader. */
  further: usize;
  columns: i32;
}

/** dx[B,C] += further[B,C], shared out by panels. */
export function accumulate(r: Accumulate): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  const panels = panelsOf(r.columns);
  const end = lastUnit(panels) * panelBytes;
  for (let at = firstUnit(panels) * panelBytes; at < end; at += 16) {
    v128.store(r.dx + at, f32x4.add(v128.load(r.dx + at), v128.load(r.further + at)));
  }
}
