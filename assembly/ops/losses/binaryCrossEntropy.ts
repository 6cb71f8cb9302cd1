import { madd, nmadd } from '../../simd/lanes';
import { exp, half, log1p, negativeAbsolute, one, sigmoid } from '../../simd/math';

/**
 * −t ln σ(z) − (1 − t) ln(1 − σ(z)) of the logit z, as max(z, 0) − z t + ln(1 + e^−|z|), which cannot overflow; the
 * targets are smoothed: t (1 − smoothing) + smoothing / 2.
 */
@unmanaged
export class BinaryCrossEntropyFromLogits {
  @inline
  value(z: v128, t: v128, smoothing: v128): v128 {
    const linear = nmadd(z, this.smooth(t, smoothing), f32x4.pmax(z, f32x4.splat(0)));
    return f32x4.add(linear, log1p(exp(negativeAbsolute(z))));
  }

  @inline
  derivative(z: v128, t: v128, smoothing: v128): v128 {
    return f32x4.sub(sigmoid(z), this.smooth(t, smoothing));
  }

  @inline
  private smooth(t: v128, smoothing: v128): v128 {
    return madd(t, f32x4.sub(one(), smoothing), f32x4.mul(smoothing, half()));
  }
}
