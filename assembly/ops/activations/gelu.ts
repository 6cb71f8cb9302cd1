import { madd } from '../../simd/lanes';
import { bell, half, normalCdf, one, tanh } from '../../simd/math';
import { constant, put } from '../../simd/constants';
import { GELU } from '../constants';

export function writeGeluConstants(): void {
  put(GELU, 0.3989422804014327); // 1 / √(2π)
  put(GELU + 1, 0.7978845608028654); // √(2/π)
  put(GELU + 2, 0.044715);
  put(GELU + 3, 0.134145); // 3 · 0.044715
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

/** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), the same authors' approximation. */
@unmanaged
export class GeluTanh {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.mul(f32x4.mul(half(), x), f32x4.add(one(), this.inner(x)));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    const t = this.inner(x);
    const slope = f32x4.mul(constant(GELU + 1), madd(constant(GELU + 3), f32x4.mul(x, x), one()));
    const bend = f32x4.mul(f32x4.mul(x, f32x4.sub(one(), f32x4.mul(t, t))), slope);
    return f32x4.mul(half(), f32x4.add(f32x4.add(one(), t), bend));
  }

  @inline
  private inner(x: v128): v128 {
    const cubic = madd(constant(GELU + 2), f32x4.mul(x, x), one());
    return tanh(f32x4.mul(f32x4.mul(constant(GELU + 1), x), cubic));
  }
}
