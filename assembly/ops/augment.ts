// Images changed at random while training: taken from other places of themselves, lighter or darker, with a hole. What
// a change may be is written in the plan; an image draws which of those it is.
import { firstRow, lastRow, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { columnMask, madd } from '../simd/lanes';
import { draw } from './draw';

@unmanaged
export class Augment extends Op {
  y: usize;
  x: usize;
  columns: i32;
  /** Tells one layer's random numbers from another's. */
  stream: i32;
  /** Pixels of a line of y, of a line of x, and of all of x. */
  width: i32;
  fromWidth: i32;
  from: i32;
  /**
   * Where changes stand, sixteen bytes each: a, b and t, of which the pixel at line i and column j of y comes from line
   * a · i + b · j + t of x, and what is added to it; behind `downs` of these the same for columns, `acrosses` of them.
   */
  changes: usize;
  downs: i32;
  /** 0 where the change of lines says which one of columns goes with it. */
  acrosses: i32;
  /**
   * Which line a place is, from `reach` before the first on, 3 · reach of them, and then which column; −1 where there
   * is nothing.
   */
  places: usize;
  reach: i32;
  /** 1 between pixels; 0 for that on whose line and column it falls. */
  smooth: f32;
  /** Where numbers end that something is added to. */
  low: f32;
  high: f32;
  /** Side of a square without anything, around the pixel whose line and column were drawn; 0 for none. */
  hole: i32;
}

/** One of so many, by the 32 random bits there. */
function choose(at: usize, count: i32): i32 {
  return <i32>((<u64>load<u32>(at) * <u64>count) >> 32);
}

/** y[B,C] = the images of x, each as it was drawn for it. */
export function augment(r: Augment): void {
  const rows = rowsOf(r);
  const fromRows = rows / r.positions * r.from;
  for (let row = firstRow(r), end = lastRow(r); row < end; row += r.positions) {
    const sample = row / r.positions;
    const drawn = r.y + <usize>row * ROW;
    draw(r, drawn, 0, sample, r.stream);
    const chosen = choose(drawn, r.downs);
    const other = r.downs + (r.acrosses ? choose(drawn + 16, r.acrosses) : chosen);
    const down = r.changes + (chosen << 4);
    const across = r.changes + (other << 4);
    const added = v128.load32_splat(down, 12);
    const holeTop = chosen - (r.hole >> 1);
    const holeLeft = other - r.downs - (r.hole >> 1);
    for (let place = 0; place < r.positions; place++) {
      const i = place / r.width;
      const j = place - i * r.width;
      const line = load<f32>(down) * <f32>i + (load<f32>(down, 4) * <f32>j + load<f32>(down, 8));
      const column = load<f32>(across) * <f32>i + (load<f32>(across, 4) * <f32>j + load<f32>(across, 8));
      const top = floor(line);
      const left = floor(column);
      const below = (line - top) * r.smooth;
      const right = (column - left) * r.smooth;
      const lines = r.places + ((<i32>top + r.reach) << 2);
      const columns = r.places + ((<i32>left + 4 * r.reach) << 2);
      const isCut = <u32>(i - holeTop) < <u32>r.hole && <u32>(j - holeLeft) < <u32>r.hole;
      for (let panel = 0; panel < panelsOf(r.columns); panel++) {
        const y = r.y + <usize>(panel * rows + row + place) * ROW;
        memory.fill(y, 0, ROW);
        for (let tap = isCut ? 4 : 0; tap < 4; tap++) {
          const weight = (tap & 2 ? below : 1 - below) * (tap & 1 ? right : 1 - right);
          const fromLine = load<i32>(lines + ((tap & 2) << 1));
          const fromColumn = load<i32>(columns + ((tap & 1) << 2));
          if (weight == 0 || (fromLine | fromColumn) < 0) continue;
          const x = r.x + <usize>(panel * fromRows + sample * r.from + fromLine * r.fromWidth + fromColumn) * ROW;
          for (let group: usize = 0; group < <usize>ROW; group += 16) {
            v128.store(y + group, madd(f32x4.splat(weight), v128.load(x + group), v128.load(y + group)));
          }
        }
        for (let group = 0; group < PANEL; group += 4) {
          const at = y + (group << 2);
          const value = f32x4.add(v128.load(at), added);
          const held = f32x4.min(f32x4.max(value, f32x4.splat(r.low)), f32x4.splat(r.high));
          v128.store(at, v128.and(held, columnMask(panel * PANEL + group, r.columns)));
        }
      }
    }
  }
}
