// Noise while training; while predicting there is none. Dropout (Srivastava et al. 2014), alpha dropout (Klambauer et
// al. 2017) and Gaussian noise. The classes that use the random bits have no fields: a generic over one compiles to
// straight code.
import { firstRow, lastRow, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { columnMask } from '../simd/lanes';
import { draw } from './draw';
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

/**
 * Gives N every element with 32 random bits of its own: row b, column 16 p + 4 w + j takes word w of the block 4 p + j
 * that is drawn for b.
 */
function forEach<N>(r: Noise): void {
  const n = changetype<N>(0);
  const rows = rowsOf(r);
  const end = lastRow(r);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    let at = <usize>(panel * rows + firstRow(r)) * ROW;
    for (let row = firstRow(r); row < end; row++) {
      // Where the numbers are to be made of them.
      draw(r, r.y + at, panel * 4, row / r.spread, r.stream);
      for (let column = 0; column < PANEL; column += 4, at += 16) {
        n.act(r, at, v128.load(r.y + at), panel * PANEL + column);
      }
    }
  }
}

/** `keepScale` where an element is kept, else 0; stored as its mask. */
// @ts-ignore: decorator
@inline
function maskOf(r: Dropout, at: usize, bits: v128): v128 {
  const mask = v128.and(f32x4.splat(r.keepScale), i32x4.ge_u(bits, i32x4.splat(r.threshold)));
  v128.store(r.mask + at, mask);
  return mask;
}

class Dropping {
  // @ts-ignore: decorator
  @inline
  act(r: Noise, at: usize, bits: v128, column: i32): void {
    v128.store(r.y + at, f32x4.mul(v128.load(r.x + at), maskOf(changetype<Dropout>(r), at, bits)));
  }
}

class AlphaDropping {
  // @ts-ignore: decorator
  @inline
  act(r: Noise, at: usize, bits: v128, column: i32): void {
    const own = changetype<AlphaDropout>(r);
    const mask = maskOf(own, at, bits);
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
