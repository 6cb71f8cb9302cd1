// What the optimisers share.
import { constant, put } from '../simd/constants';
import { OPTIMIZER } from './constants';

export function writeOptimizerConstants(): void {
  put(OPTIMIZER, 1e-20);
  put(OPTIMIZER + 1, 1e-30);
}

/**
 * Added to a decaying average before and taken away after, this sweeps to 0 what would become denormal: processors take many times
 * longer over such numbers, and WebAssembly cannot switch them off.
 */
// @ts-ignore: decorator
@inline
export function tiny(): v128 {
  return constant(OPTIMIZER);
}

/** The same for averages of squares. */
// @ts-ignore: decorator
@inline
export function tinySquare(): v128 {
  return constant(OPTIMIZER + 1);
}
