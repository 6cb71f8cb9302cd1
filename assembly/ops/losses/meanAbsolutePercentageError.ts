import { absolute, copySign, one } from '../../simd/math';

/** |p − t| / max(|t|, least); its derivative at 0 is 0. */
@unmanaged
export class MeanAbsolutePercentageError {
  @inline
  value(p: v128, t: v128, least: v128): v128 {
    return f32x4.div(absolute(f32x4.sub(p, t)), f32x4.pmax(absolute(t), least));
  }

  @inline
  derivative(p: v128, t: v128, least: v128): v128 {
    const d = f32x4.sub(p, t);
    const slope = f32x4.div(copySign(one(), d), f32x4.pmax(absolute(t), least));
    return v128.and(slope, f32x4.ne(d, f32x4.splat(0)));
  }
}
