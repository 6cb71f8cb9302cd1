import { one, expm1 } from '../../simd/math';

/** x, or alpha · (eˣ − 1) where x is negative. */
@unmanaged
export class Elu {
  @inline
  forward(x: v128, alpha: v128): v128 {
    const below = f32x4.mul(alpha, expm1(f32x4.pmin(x, f32x4.splat(0))));
    return v128.bitselect(x, below, f32x4.gt(x, f32x4.splat(0)));
  }

  @inline
  derivative(x: v128, y: v128, alpha: v128): v128 {
    return v128.bitselect(one(), f32x4.add(y, alpha), f32x4.gt(x, f32x4.splat(0)));
  }
}
