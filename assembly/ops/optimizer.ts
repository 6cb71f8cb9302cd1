// What the optimisers share.
import { CONTROLS_BYTES } from '../parts';
import { Controls } from '../plan';
import { constant, put } from '../simd/constants';
import { OPTIMIZER } from './constants';

export function writeOptimizerConstants(): void {
  put(OPTIMIZER, 1e-30);
}

/**
 * Added to a decaying average before and taken away after, this rounds it to whole steps of some 1e-37, so that it is 0 or a normal number: processors take many
 * times longer over denormal ones, and WebAssembly cannot switch them off.
 */
// @ts-ignore: decorator
@inline
export function tiny(): v128 {
  return constant(OPTIMIZER);
}

/** Room for eight float32 behind the controls of each thread. */
const ROOM: usize = CONTROLS_BYTES - 32;

/**
 * `value` in all lanes, by way of memory. V8 moves arithmetic down to where its result is used, square roots and divisions too, and so into the loop; a
 * load stays where it is. `place` is 0 … 7.
 */
// @ts-ignore: decorator
@inline
export function settled(c: Controls, place: usize, value: f64): v128 {
  const address = changetype<usize>(c) + ROOM + (place << 2);
  store<f32>(address, <f32>value);
  return v128.load32_splat(address);
}
