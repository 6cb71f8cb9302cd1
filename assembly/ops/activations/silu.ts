import { madd } from '../../simd/lanes';
import { one, sigmoid } from '../../simd/math';

/** x · σ(x), also called swish; Elfwing et al. 2017. */
@unmanaged
export class Silu {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.mul(x, sigmoid(x));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    const s = sigmoid(x);
    return f32x4.mul(s, madd(x, f32x4.sub(one(), s), one()));
  }
}
