// Random bits, as Philox 4x32-10 (Salmon et al. 2011) makes them of where they are used: the same for any number of
// threads.
import { controlsOf } from '../parts';
import { Op } from '../plan';

/** The high words of the four 32 × 32 bit products a · b. */
// @ts-ignore: decorator
@inline
function highWords(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7);
}

/**
 * Draws the four blocks from `block` on that belong to a row of the batch in this step, those of the counters
 * (block, row, draw, stream): at `to` the first words of all four, then the second ones, and so on.
 */
export function draw(r: Op, to: usize, block: i32, row: i32, stream: i32): void {
  const c = controlsOf(r);
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  let c0 = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
  let c1 = i32x4.splat(row);
  let c2 = i32x4.splat(c.draw);
  let c3 = i32x4.splat(stream);
  let k0 = c.seedLow;
  // Seeds have 53 bits; the others tell an update's batches apart.
  let k1 = c.seedHigh | (max(c.taken - 1, 0) << 21);
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
  v128.store(to, c0);
  v128.store(to, c1, 16);
  v128.store(to, c2, 32);
  v128.store(to, c3, 48);
}
