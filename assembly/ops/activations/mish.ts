import { madd } from '../../simd/lanes';
import { exp, one, two } from '../../simd/math';
import { constant, put } from '../../simd/constants';
import { MISH } from '../constants';

export function writeMishConstants(): void {
  put(MISH, 20); // from here on tanh(softplus(x)) is 1 in float32
}

/**
 * x · tanh(softplus(x)); Misra 2019. With e = eˣ and n = e (e + 2) the tanh is n / (n + 2), which needs one
 * exponential.
 */
@unmanaged
export class Mish {
  @inline
  forward(x: v128, setting: v128): v128 {
    const e = this.power(x);
    const n = f32x4.mul(e, f32x4.add(e, two()));
    return f32x4.mul(x, f32x4.div(n, f32x4.add(n, two())));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    const e = this.power(x);
    const n = f32x4.mul(e, f32x4.add(e, two()));
    const below = f32x4.add(n, two());
    // d tanh(softplus(x)) / dx = 4 e (e + 1) / (n + 2)²
    const step = f32x4.mul(f32x4.mul(two(), two()), f32x4.mul(e, f32x4.add(e, one())));
    const bend = f32x4.div(f32x4.div(step, below), below);
    // The bend has no digits left where the exponent is held back: x goes no further than that.
    return madd(this.held(x), bend, f32x4.div(n, below));
  }

  @inline
  private power(x: v128): v128 {
    return exp(this.held(x));
  }

  @inline
  private held(x: v128): v128 {
    return f32x4.pmin(x, constant(MISH));
  }
}
