// What is added to each position, whatever the sample.
import { firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, ROW } from '../plan';

@unmanaged
export class AddSteps extends Op {
  y: usize;
  x: usize;
  w: usize;
  columns: i32;
  /** Rows of w, of which as many count as there are positions. */
  steps: i32;
}

@unmanaged
export class StepsGradient extends Op {
  dw: usize;
  dy: usize;
  columns: i32;
  steps: i32;
}

/** y[B,C] = x[B,C] + w[positions,C], shared out by samples. */
export function addSteps(r: AddSteps): void {
  const rows = rowsOf(r);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
      const at = <usize>(panel * rows + row) * ROW;
      const w = r.w + <usize>(panel * r.steps + row % r.positions) * ROW;
      for (let group: usize = 0; group < <usize>ROW; group += 16) {
        v128.store(r.y + at + group, f32x4.add(v128.load(r.x + at + group), v128.load(w + group)));
      }
    }
  }
}

/** dw[steps,C] = Σ over samples of dy[B,C], shared out by panels. */
export function stepsGradient(r: StepsGradient): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  for (let panel = firstUnit(panels), last = lastUnit(panels); panel < last; panel++) {
    for (let step = 0; step < r.steps; step++) {
      for (let group: usize = 0; group < <usize>ROW; group += 16) {
        let sum = f32x4.splat(0);
        if (step < r.positions) {
          for (let row = step; row < rows; row += r.positions) {
            sum = f32x4.add(sum, v128.load(r.dy + <usize>(panel * rows + row) * ROW + group));
          }
        }
        v128.store(r.dw + <usize>(panel * r.steps + step) * ROW + group, sum);
      }
    }
  }
}
