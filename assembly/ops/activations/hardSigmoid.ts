import { madd } from '../../simd/lanes';
import { half, one } from '../../simd/math';
import { constant, put } from '../../simd/constants';
import { HARD } from '../constants';

export function writeHardConstants(): void {
  put(HARD, 1.0 / 6.0);
  put(HARD + 1, 3);
  put(HARD + 2, -3);
  put(HARD + 3, 1.0 / 3.0);
}

/** x / 6 + ½, cut to 0 … 1. */
// @ts-ignore: decorator
@inline
export function hardGate(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(madd(x, constant(HARD), half()), f32x4.splat(0)), one());
}

@unmanaged
export class HardSigmoid {
  @inline
  forward(x: v128, setting: v128): v128 {
    return hardGate(x);
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    const inside = v128.and(f32x4.gt(x, constant(HARD + 2)), f32x4.lt(x, constant(HARD + 1)));
    return v128.and(inside, constant(HARD));
  }
}
