import { one } from '../../simd/math';

/** x, or slope · x where x is negative. */
@unmanaged
export class LeakyRelu {
  @inline
  forward(x: v128, slope: v128): v128 {
    return f32x4.mul(x, this.derivative(x, x, slope));
  }

  @inline
  derivative(x: v128, y: v128, slope: v128): v128 {
    return v128.bitselect(one(), slope, f32x4.gt(x, f32x4.splat(0)));
  }
}
