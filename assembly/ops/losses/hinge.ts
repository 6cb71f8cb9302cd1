import { nmadd } from '../../simd/lanes';
import { negate, one } from '../../simd/math';

/** max(0, 1 − t p) for targets −1 and 1. */
@unmanaged
export class Hinge {
  @inline
  value(p: v128, t: v128, setting: v128): v128 {
    return f32x4.pmax(nmadd(t, p, one()), f32x4.splat(0));
  }

  @inline
  derivative(p: v128, t: v128, setting: v128): v128 {
    return v128.and(negate(t), f32x4.gt(nmadd(t, p, one()), f32x4.splat(0)));
  }
}
