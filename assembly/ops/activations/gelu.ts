import { madd } from '../../simd/lanes';
import { bell, exp, negativeAbsolute, normalCdf, one, sigmoid } from '../../simd/math';
import { constant, put, putQuad } from '../../simd/constants';
import { GELU } from '../constants';

export function writeGeluConstants(): void {
  // 1 / √(2π), 2 √(2/π), and 0.044715 once and three times
  putQuad(GELU, f32x4(0.3989422804014327, 1.5957691216057308, 0.044715, 0.134145));
  put(GELU + 4, 11); // from here on e^−|z| is exactly 0, and the derivative 0 or 1
  put(GELU + 5, -11);
}

/** x · Φ(x), the normal distribution's; Hendrycks and Gimpel 2016. */
@unmanaged
export class Gelu {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.mul(x, normalCdf(x, bell(x)));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    const b = bell(x);
    return madd(f32x4.mul(x, constant(GELU)), b, normalCdf(x, b));
  }
}

/**
 * ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), the same authors' approximation, as x · s with the logistic function s of
 * twice that argument: 1 + tanh would lose what is small.
 */
@unmanaged
export class GeluTanh {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.mul(x, sigmoid(this.inner(x)));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    // Beyond the ends the square would overflow, and be multiplied by 0.
    const a = f32x4.pmin(f32x4.pmax(x, constant(GELU + 5)), constant(GELU + 4));
    // With e = exp(−|z|), s is 1 / (1 + e) or e / (1 + e), and s (1 − s) is their product either way.
    const z = this.inner(a);
    const e = exp(negativeAbsolute(z));
    const most = f32x4.div(one(), f32x4.add(one(), e));
    const least = f32x4.mul(e, most);
    const s = v128.bitselect(least, most, f32x4.lt(z, f32x4.splat(0)));
    const slope = f32x4.mul(constant(GELU + 1), madd(constant(GELU + 3), f32x4.mul(a, a), one()));
    return madd(f32x4.mul(a, slope), f32x4.mul(most, least), s);
  }

  @inline
  private inner(x: v128): v128 {
    const cubic = madd(constant(GELU + 2), f32x4.mul(x, x), one());
    return f32x4.mul(f32x4.mul(constant(GELU + 1), x), cubic);
  }
}
