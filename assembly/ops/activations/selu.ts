import { expm1 } from '../../simd/math';
import { constant, put } from '../../simd/constants';
import { SELU } from '../constants';

export function writeSeluConstants(): void {
  put(SELU, 1.0507009873554805);
  put(SELU + 1, 1.0507009873554805 * 1.6732632423543772);
}

/** scale · x, or scale · alpha · (eˣ − 1) where x is negative; Klambauer et al. 2017. */
@unmanaged
export class Selu {
  @inline
  forward(x: v128, setting: v128): v128 {
    const below = f32x4.mul(constant(SELU + 1), expm1(f32x4.pmin(x, f32x4.splat(0))));
    return v128.bitselect(f32x4.mul(constant(SELU), x), below, f32x4.gt(x, f32x4.splat(0)));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    return v128.bitselect(constant(SELU), f32x4.add(y, constant(SELU + 1)), f32x4.gt(x, f32x4.splat(0)));
  }
}
