import { nmadd } from '../../simd/lanes';
import { negate, one } from '../../simd/math';

/** max(0, 1 − t p)² for targets −1 and 1. */
@unmanaged
export class SquaredHinge {
  @inline
  value(p: v128, t: v128, setting: v128): v128 {
    const short = this.short(p, t);
    return f32x4.mul(short, short);
  }

  @inline
  derivative(p: v128, t: v128, setting: v128): v128 {
    const short = this.short(p, t);
    return f32x4.mul(negate(t), f32x4.add(short, short));
  }

  @inline
  private short(p: v128, t: v128): v128 {
    return f32x4.pmax(nmadd(t, p, one()), f32x4.splat(0));
  }
}
