// What the optimisers share.
import { CONTROLS_BYTES } from '../parts';
import { Controls, Op } from '../plan';
import { constant, put } from '../simd/constants';
import { madd } from '../simd/lanes';
import { OPTIMIZER } from './constants';

const TINY: f32 = 1e-30;

export function writeOptimizerConstants(): void {
  put(OPTIMIZER, TINY);
}

/**
 * Added to a decaying average and taken away again, this rounds it to whole steps of some 1e-37, so that it is 0 or a normal number: processors take many
 * times longer over denormal ones, and WebAssembly cannot switch them off.
 */
// @ts-ignore: decorator
@inline
export function tiny(): v128 {
  return constant(OPTIMIZER);
}

/**
 * beta · x + a · b, rounded in that way. Fused, products never show; where they do, x and a are to be normal before they are multiplied, and what is taken away
 * has decayed with x: `faded`.
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

/** Tells of an update that left the finite numbers. `poison` is 0 times all of them, which is 0, or NaN where one is not finite. */
// @ts-ignore: decorator
@inline
export function tell(r: Op, poison: v128): void {
  if (!v128.any_true(f32x4.ne(poison, poison))) return;
  r.controls.broken = 1;
  // Whoever runs single steps reads the cost anyway.
  r.controls.cost = NaN;
}

/** How many float32 there is room for at the end of each thread's controls block, and where. */
export const SETTLED: i32 = 16;
const ROOM: usize = CONTROLS_BYTES - 4 * SETTLED;

/**
 * `value` in all lanes, by way of memory. V8 moves arithmetic down to where its result is used, square roots and divisions too, and so into the loop; a
 * load stays where it is. `place` is below SETTLED.
 */
// @ts-ignore: decorator
@inline
export function settled(c: Controls, place: usize, value: f64): v128 {
  const address = changetype<usize>(c) + ROOM + (place << 2);
  store<f32>(address, <f32>value);
  return v128.load32_splat(address);
}
