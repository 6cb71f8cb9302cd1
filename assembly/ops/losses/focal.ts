import { madd, nmadd } from '../../simd/lanes';
import { exp, log, log1p, negativeAbsolute, one, smallest } from '../../simd/math';

/**
 * w · q^gamma · c of the logit z, where c is the binary cross-entropy, q = t (1 − p) + (1 − t) p how far p = σ(z) is
 * off, and w = alpha t + (1 − alpha) (1 − t); Lin et al. 2017. With e = exp(−|z|), q is s / (1 + e), so that its
 * logarithm is exact where it is nearly 1.
 */
@unmanaged
export class Focal {
  @inline
  value(z: v128, t: v128, gamma: v128): v128 {
    const e = exp(negativeAbsolute(z));
    const l = log1p(e);
    return f32x4.mul(this.power(this.share(z, t, e), l, gamma), this.crossEntropy(z, t, l));
  }

  /** q^gamma · (c · gamma · q′ / q + p − t), where q′ = (1 − 2t) p (1 − p). */
  @inline
  derivative(z: v128, t: v128, gamma: v128): v128 {
    const e = exp(negativeAbsolute(z));
    const l = log1p(e);
    const s = this.share(z, t, e);
    const most = f32x4.div(one(), f32x4.add(one(), e));
    const p = f32x4.mul(v128.bitselect(e, one(), f32x4.lt(z, f32x4.splat(0))), most);
    const turn = f32x4.mul(f32x4.mul(f32x4.sub(one(), f32x4.add(t, t)), most), f32x4.div(e, s));
    const inner = madd(this.crossEntropy(z, t, l), f32x4.mul(gamma, turn), f32x4.sub(p, t));
    return f32x4.mul(this.power(s, l, gamma), inner);
  }

  /** w, by which value and derivative are multiplied. */
  @inline
  balance(t: v128, alpha: v128): v128 {
    return madd(alpha, t, f32x4.mul(f32x4.sub(one(), alpha), f32x4.sub(one(), t)));
  }

  /** s, and the smallest normal number at least, so that it has a logarithm. */
  @inline
  private share(z: v128, t: v128, e: v128): v128 {
    const rest = f32x4.sub(one(), t);
    const below = f32x4.lt(z, f32x4.splat(0));
    const near = v128.bitselect(t, rest, below);
    const far = v128.bitselect(rest, t, below);
    return f32x4.pmax(madd(far, e, near), smallest());
  }

  @inline
  private power(s: v128, l: v128, gamma: v128): v128 {
    return exp(f32x4.mul(gamma, f32x4.sub(log(s), l)));
  }

  @inline
  private crossEntropy(z: v128, t: v128, l: v128): v128 {
    return f32x4.add(nmadd(z, t, f32x4.pmax(z, f32x4.splat(0))), l);
  }
}
