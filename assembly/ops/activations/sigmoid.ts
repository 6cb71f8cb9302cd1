import { one, sigmoid } from '../../simd/math';

/** The logistic function 1 / (1 + e⁻ˣ). */
@unmanaged
export class Sigmoid {
  @inline
  forward(x: v128, setting: v128): v128 {
    return sigmoid(x);
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    return f32x4.mul(y, f32x4.sub(one(), y));
  }
}
