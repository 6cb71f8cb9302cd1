import { absolute, copySign, one } from '../../simd/math';

/** |p − t|; its derivative at 0 is 0. */
@unmanaged
export class MeanAbsoluteError {
  @inline
  value(p: v128, t: v128, setting: v128): v128 {
    return absolute(f32x4.sub(p, t));
  }

  @inline
  derivative(p: v128, t: v128, setting: v128): v128 {
    const d = f32x4.sub(p, t);
    return v128.and(copySign(one(), d), f32x4.ne(d, f32x4.splat(0)));
  }
}
