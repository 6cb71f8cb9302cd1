import { nmadd } from '../../simd/lanes';
import { exp, log1p, negativeAbsolute, sigmoid } from '../../simd/math';

/** −t ln σ(z) − (1 − t) ln(1 − σ(z)) of the logit z, as max(z, 0) − z t + ln(1 + e^−|z|), which cannot overflow. */
@unmanaged
export class BinaryCrossEntropyFromLogits {
  @inline
  value(z: v128, t: v128, setting: v128): v128 {
    const linear = nmadd(z, t, f32x4.pmax(z, f32x4.splat(0)));
    return f32x4.add(linear, log1p(exp(negativeAbsolute(z))));
  }

  @inline
  derivative(z: v128, t: v128, setting: v128): v128 {
    return f32x4.sub(sigmoid(z), t);
  }
}
