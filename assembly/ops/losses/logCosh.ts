import { absolute, expm1, ln2, negate, one, tanh, twiceAtanh } from '../../simd/math';

/**
 * ln cosh(p − t). With a = |p − t|, u = e⁻ᵃ − 1 and w = e⁻ᵃ it is ln(1 + u² / 2w) near 0, where nothing cancels, and
 * a − ln 2 + ln(1 + w²) further out; either logarithm is ln(1 + n / d) = 2 atanh(n / (n + 2d)).
 */
@unmanaged
export class LogCosh {
  @inline
  value(p: v128, t: v128, setting: v128): v128 {
    const a = absolute(f32x4.sub(p, t));
    const u = expm1(negate(a));
    const w = f32x4.add(u, one());
    const near = f32x4.lt(a, one());
    const square = v128.bitselect(u, w, near);
    const n = f32x4.mul(square, square);
    const d = v128.bitselect(f32x4.add(w, w), one(), near);
    const line = v128.andnot(f32x4.sub(a, ln2()), near);
    return f32x4.add(line, twiceAtanh(f32x4.div(n, f32x4.add(n, f32x4.add(d, d)))));
  }

  @inline
  derivative(p: v128, t: v128, setting: v128): v128 {
    return tanh(f32x4.sub(p, t));
  }
}
