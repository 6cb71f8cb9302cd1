import { one } from '../../simd/math';

/**
 * q (t − p) where the target is above and (1 − q) (p − t) where it is below; Koenker and Bassett 1978. Its derivative
 * at 0 is 0.
 */
@unmanaged
export class Quantile {
  @inline
  value(p: v128, t: v128, q: v128): v128 {
    return f32x4.mul(f32x4.sub(p, t), this.derivative(p, t, q));
  }

  @inline
  derivative(p: v128, t: v128, q: v128): v128 {
    const d = f32x4.sub(p, t);
    const slope = v128.bitselect(f32x4.sub(one(), q), f32x4.sub(f32x4.splat(0), q), f32x4.gt(d, f32x4.splat(0)));
    return v128.and(slope, f32x4.ne(d, f32x4.splat(0)));
  }
}
