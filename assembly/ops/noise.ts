// Noise while training; while predicting there is none. Dropout (Srivastava et al. 2014), alpha dropout (Klambauer et
// al. 2017) and Gaussian noise. The classes that use the random bits have no fields: a generic over one compiles to
// straight code.
import { controlsOf, firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { columnMask } from '../simd/lanes';
import { normalOf } from './normal';

@unmanaged
export class Noise extends Op {
  y: usize;
  x: usize;
  columns: i32;
  /** Tells one layer's random numbers from another's. */
  stream: i32;
  /** Rows, one behind the other, that have the same: 1, or all of a sample's. */
  spread: i32;
}

@unmanaged
export class Dropout extends Noise {
  /** What an element is multiplied by: `keepScale` where it is kept, 0 where it is dropped. */
  mask: usize;
  /** An element is kept when its 32 random bits, as an unsigned number, are at least this. */
  threshold: i32;
  keepScale: f32;
}

@unmanaged
export class AlphaDropout extends Dropout {
  /** What is added where an element is kept, and where it is dropped. */
  kept: f32;
  dropped: f32;
}

@unmanaged
export class GaussianNoise extends Noise {
  deviation: f32;
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
 * Gives N every element with 32 random bits of its own. Row b, column 16 p + 4 w + j takes word w of the block that
 * Philox 4x32-10 (Salmon et al. 2011) makes of the counter (4 p + j, b, draw, stream): the numbers hang on where an
 * element is, not on who computes it. Four blocks at once, one a lane.
 */
function forEach<N>(r: Noise): void {
  const n = changetype<N>(0);
  const c = controlsOf(r);
  const rows = rowsOf(r);
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  const end = lastRow(r);
  // Seeds have 53 bits; the others tell an update's batches apart.
  const high = c.seedHigh | (max(c.taken - 1, 0) << 21);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    let at = <usize>(panel * rows + firstRow(r)) * ROW;
    for (let row = firstRow(r); row < end; row++) {
      let c0 = i32x4.add(i32x4.splat(panel * 4), i32x4(0, 1, 2, 3));
      let c1 = i32x4.splat(row / r.spread);
      let c2 = i32x4.splat(c.draw);
      let c3 = i32x4.splat(r.stream);
      let k0 = c.seedLow;
      let k1 = high;
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
      const column = panel * PANEL;
      n.act(r, at, c0, column);
      n.act(r, at + 16, c1, column + 4);
      n.act(r, at + 32, c2, column + 8);
      n.act(r, at + 48, c3, column + 12);
      at += ROW;
    }
  }
}

/** `keepScale` where an element is kept, else 0; stored as its mask. */
// @ts-ignore: decorator
@inline
function draw(r: Dropout, at: usize, bits: v128): v128 {
  const mask = v128.and(f32x4.splat(r.keepScale), i32x4.ge_u(bits, i32x4.splat(r.threshold)));
  v128.store(r.mask + at, mask);
  return mask;
}

class Dropping {
  // @ts-ignore: decorator
  @inline
  act(r: Noise, at: usize, bits: v128, column: i32): void {
    v128.store(r.y + at, f32x4.mul(v128.load(r.x + at), draw(changetype<Dropout>(r), at, bits)));
  }
}

class AlphaDropping {
  // @ts-ignore: decorator
  @inline
  act(r: Noise, at: usize, bits: v128, column: i32): void {
    const own = changetype<AlphaDropout>(r);
    const mask = draw(own, at, bits);
    const isDropped = f32x4.eq(mask, f32x4.splat(0));
    const shift = v128.bitselect(f32x4.splat(own.dropped), f32x4.splat(own.kept), isDropped);
    const value = f32x4.add(f32x4.mul(v128.load(r.x + at), mask), shift);
    v128.store(r.y + at, v128.and(value, columnMask(column, r.columns)));
  }
}

class AddingNormal {
  // @ts-ignore: decorator
  @inline
  act(r: Noise, at: usize, bits: v128, column: i32): void {
    const noise = f32x4.mul(normalOf(bits), f32x4.splat(changetype<GaussianNoise>(r).deviation));
    v128.store(r.y + at, f32x4.add(v128.load(r.x + at), v128.and(noise, columnMask(column, r.columns))));
  }
}

/** y = x · mask */
export function dropoutForward(r: Dropout): void {
  forEach<Dropping>(r);
}

/** y = x · mask + kept, or + dropped where the mask is 0. */
export function alphaDropoutForward(r: AlphaDropout): void {
  forEach<AlphaDropping>(r);
}

/** y = x + deviation · z with normal z. */
export function gaussianNoiseForward(r: GaussianNoise): void {
  forEach<AddingNormal>(r);
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
