import { oneWhere } from '../../simd/math';

/** max(x, 0); a NaN stays one. */
@unmanaged
export class Relu {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.pmax(x, f32x4.splat(0));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    return oneWhere(f32x4.gt(y, f32x4.splat(0)));
  }
}
