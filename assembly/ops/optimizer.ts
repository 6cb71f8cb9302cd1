// What the optimisers share.
import { CONTROLS_BYTES, controlsOf, firstOf, lastOf } from '../parts';
import { Controls, Op, ROW } from '../plan';
import { constant, put } from '../simd/constants';
import { madd } from '../simd/lanes';
import { OPTIMIZER } from './constants';

const TINY: f32 = 1e-30;

export function writeOptimizerConstants(): void {
  put(OPTIMIZER, TINY);
}

/**
 * Added to a decaying average and taken away again, this rounds it to whole steps of some 1e-37, so that it is 0 or a
 * normal number: processors take many times longer over denormal ones, and WebAssembly cannot switch them off.
 */
// @ts-ignore: decorator
@inline
export function tiny(): v128 {
  return constant(OPTIMIZER);
}

/**
 * beta · x + a · b, rounded in that way. Fused, products never show; where they do, x and a are to be normal before
 * they are multiplied, and what is taken away has decayed with x: `faded`.
 */
// @ts-ignore: decorator
@inline
export function average(x: v128, beta: v128, a: v128, b: v128, small: v128, faded: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.sub(madd(x, beta, madd(a, b, small)), small);
  return f32x4.sub(madd(f32x4.add(x, small), beta, f32x4.mul(a, b)), faded);
}

/** tiny · beta, multiplied as float32, so that an average of nothing is exactly 0. */
// @ts-ignore: decorator
@inline
export function faded(c: Controls, place: usize, beta: f64): v128 {
  return settled(c, place, TINY * <f32>beta);
}

/**
 * Tells of an update that left the finite numbers: `poison` is made of all of them, and NaN where one is not finite.
 */
// @ts-ignore: decorator
@inline
export function tell(r: Op, poison: v128): void {
  if (!v128.any_true(f32x4.ne(poison, poison))) return;
  r.controls.broken = 1;
  // Whoever runs single steps reads the cost anyway.
  r.controls.cost = NaN;
}

/**
 * {@link tell} of a region, after the last rows of an epoch and after a single step. In the loops of updates that take
 * long such operations would wait for their results, be in the way of the next numbers, and cost a sixth of the time;
 * what is not finite in the middle of an epoch is not at its end either.
 */
export function tellAtTheEnd(r: Op, region: usize, rows: i32, unit: i32): void {
  const c = controlsOf(r);
  if (c.position < c.samples) return;
  let poison = f32x4.splat(0);
  const end = region + <usize>lastOf(rows, unit) * ROW;
  for (let at = region + <usize>firstOf(rows, unit) * ROW; at < end; at += ROW) {
    const a = v128.or(nothing(v128.load(at)), nothing(v128.load(at, 16)));
    const b = v128.or(nothing(v128.load(at, 32)), nothing(v128.load(at, 48)));
    poison = v128.or(poison, v128.or(a, b));
  }
  tell(r, poison);
}

/** A number less itself: all bits 0, or NaN where it is not finite. */
// @ts-ignore: decorator
@inline
function nothing(x: v128): v128 {
  return f32x4.sub(x, x);
}

/** How many float32 there is room for at the end of each thread's controls block, and where. */
export const SETTLED: i32 = 16;
const ROOM: usize = CONTROLS_BYTES - 4 * SETTLED;

/**
 * `value` in all lanes, by way of memory. V8 moves arithmetic down to where its result is used, square roots and
 * divisions too, and so into the loop; a load stays where it is. `place` is below SETTLED.
 */
// @ts-ignore: decorator
@inline
export function settled(c: Controls, place: usize, value: f64): v128 {
  const address = changetype<usize>(c) + ROOM + (place << 2);
  store<f32>(address, <f32>value);
  return v128.load32_splat(address);
}
