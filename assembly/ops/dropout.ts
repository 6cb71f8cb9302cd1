// Inverted dropout (Srivastava et al. 2014): while training an element is 0 with probability `rate` and is otherwise divided by
// 1 − rate; while predicting there is no such layer.
import { controlsOf, firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, ROW } from '../plan';

@unmanaged
export class Dropout extends Op {
  y: usize;
  x: usize;
  /** 1 / (1 − rate) where an element is kept, 0 where it is dropped. */
  mask: usize;
  columns: i32;
  /** Tells one dropout layer's random numbers from another's. */
  stream: i32;
  /** An element is kept when its 32 random bits, as an unsigned number, are at least this. */
  threshold: i32;
  keepScale: f32;
}

@unmanaged
export class DropoutGradient extends Op {
  dx: usize;
  dy: usize;
  mask: usize;
  columns: i32;
}

/** The high words of the four 32 × 32 bit products a · b. */
// @ts-ignore: decorator
@inline
function highWords(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
}

/**
 * y = x · mask. Row b, column 16 p + 4 w + j takes word w of the block that Philox 4x32-10 (Salmon et al. 2011) makes of the counter
 * (4 p + j, b, draw, stream): the numbers hang on where an element is, not on who computes it. Four blocks at once, one a lane.
 */
export function dropoutForward(r: Dropout): void {
  const c = controlsOf(r);
  const rows = rowsOf(r);
  const threshold = i32x4.splat(r.threshold);
  const keep = f32x4.splat(r.keepScale);
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  const end = lastRow(r);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    let at = <usize>(panel * rows + firstRow(r)) * ROW;
    for (let row = firstRow(r); row < end; row++) {
      let c0 = i32x4.add(i32x4.splat(panel * 4), i32x4(0, 1, 2, 3));
      let c1 = i32x4.splat(row);
      let c2 = i32x4.splat(c.draw);
      let c3 = i32x4.splat(r.stream);
      let k0 = c.seedLow;
      let k1 = c.seedHigh;
      for (let round = 0; round < 10; round++) {
        const high0 = highWords(c0, m0);
        const high1 = highWords(c2, m1);
        const low0 = i32x4.mul(c0, m0);
        const low1 = i32x4.mul(c2, m1);
        c0 = v128.xor(v128.xor(high1, c1), i32x4.splat(k0));
        c1 = low1;
        c2 = v128.xor(v128.xor(high0, c3), i32x4.splat(k1));
        c3 = low0;
        k0 += 0x9e3779b9;
        k1 += 0xbb67ae85;
      }
      drop(r, at, v128.and(keep, i32x4.ge_u(c0, threshold)));
      drop(r, at + 16, v128.and(keep, i32x4.ge_u(c1, threshold)));
      drop(r, at + 32, v128.and(keep, i32x4.ge_u(c2, threshold)));
      drop(r, at + 48, v128.and(keep, i32x4.ge_u(c3, threshold)));
      at += ROW;
    }
  }
}

// @ts-ignore: decorator
@inline
function drop(r: Dropout, at: usize, mask: v128): void {
  v128.store(r.mask + at, mask);
  v128.store(r.y + at, f32x4.mul(v128.load(r.x + at), mask));
}

/** dx = dy · mask; dx and dy may be the same place. */
export function dropoutGradient(r: DropoutGradient): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  const panels = panelsOf(r.columns);
  const end = lastUnit(panels) * panelBytes;
  for (let at = firstUnit(panels) * panelBytes; at < end; at += 16) {
    v128.store(r.dx + at, f32x4.mul(v128.load(r.dy + at), v128.load(r.mask + at)));
  }
}
