import { absolute, one } from '../../simd/math';

/** x / (1 + |x|) */
@unmanaged
export class Softsign {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.div(x, f32x4.add(one(), absolute(x)));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    const below = f32x4.add(one(), absolute(x));
    return f32x4.div(one(), f32x4.mul(below, below));
  }
}
