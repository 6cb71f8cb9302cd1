import { negate, half, absolute } from '../../simd/math';

/** ½ d² up to |d| = delta, then delta (|d| − ½ delta), where d = p − t; Huber 1964. */
@unmanaged
export class Huber {
  @inline
  value(p: v128, t: v128, delta: v128): v128 {
    const a = absolute(f32x4.sub(p, t));
    const inner = f32x4.pmin(a, delta);
    return f32x4.mul(inner, f32x4.sub(a, f32x4.mul(half(), inner)));
  }

  @inline
  derivative(p: v128, t: v128, delta: v128): v128 {
    return f32x4.pmin(f32x4.pmax(f32x4.sub(p, t), negate(delta)), delta);
  }
}
