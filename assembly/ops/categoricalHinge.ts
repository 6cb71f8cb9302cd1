// The hinge cost of several classes.
import { PANEL, ROW } from '../plan';
import { firstRow, lastRow, rowsOf } from '../parts';
import { columnMask, largest, madd, sum } from '../simd/lanes';
import { one } from '../simd/math';
import { Loss, reduction } from './loss';

/**
 * rowCost = max(0, 1 + max (1 − t) x − Σ t x), as Keras has it; where it is not 0, dx = −t / B, and (1 − t) / B more in
 * the first column that is the largest.
 */
export function categoricalHinge(r: Loss): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const scale = reduction(r);
  const lowest = f32x4.splat(-Infinity);
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const start = <usize>row * ROW;
    let inner = f32x4.splat(0);
    let top = lowest;
    for (let column = 0; column < r.columns; column += 4) {
      const at = start + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
      const x = v128.load(r.x + at);
      const t = v128.load(r.target + at);
      inner = madd(x, t, inner);
      const wrong = f32x4.mul(f32x4.sub(one(), t), x);
      top = f32x4.max(top, v128.bitselect(wrong, lowest, columnMask(column, r.columns)));
    }
    const rival = largest(top);
    const cost = max<f32>(1 + rival - sum(inner), 0);
    store<f64>(r.rowCosts + (row << 3), <f64>cost);
    const down = f32x4.splat(cost > 0 ? -scale : 0);
    for (let at = start; at < <usize>((r.columns + PANEL - 1) / PANEL) * panelBytes; at += panelBytes) {
      for (let group = 0; group < ROW; group += 16) {
        v128.store(r.dx + at + group, f32x4.mul(v128.load(r.target + at + group), down));
      }
    }
    if (!(cost > 0)) continue;
    for (let column = 0; column < r.columns; column++) {
      const at = start + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
      const rest: f32 = 1 - load<f32>(r.target + at);
      if (rest * load<f32>(r.x + at) != rival) continue;
      store<f32>(r.dx + at, load<f32>(r.dx + at) + rest * scale);
      break;
    }
  }
}
