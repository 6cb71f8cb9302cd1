import { log, smallest } from '../../simd/math';

/**
 * t ln(t / p) of probabilities; 0 where t is 0. What is below the smallest normal number counts as that, in the
 * logarithms and where −t is divided.
 */
@unmanaged
export class KlDivergence {
  @inline
  value(p: v128, t: v128, setting: v128): v128 {
    const gap = f32x4.sub(log(f32x4.pmax(t, smallest())), log(f32x4.pmax(p, smallest())));
    return f32x4.mul(t, gap);
  }

  @inline
  derivative(p: v128, t: v128, setting: v128): v128 {
    return f32x4.div(f32x4.sub(f32x4.splat(0), t), f32x4.pmax(p, smallest()));
  }
}
