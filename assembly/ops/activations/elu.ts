import { constant, put } from '../../simd/constants';
import { exp, expm1, one } from '../../simd/math';
import { ELU } from '../constants';

export function writeEluConstants(): void {
  put(ELU, -40);
  put(ELU + 1, 4.248354255291589e-18); // e⁻⁴⁰
}

/** x, or alpha · (eˣ − 1) where x is negative. */
@unmanaged
export class Elu {
  @inline
  forward(x: v128, alpha: v128): v128 {
    const below = f32x4.mul(alpha, expm1(f32x4.pmin(x, f32x4.splat(0))));
    return v128.bitselect(x, below, f32x4.gt(x, f32x4.splat(0)));
  }

  @inline
  derivative(x: v128, y: v128, alpha: v128): v128 {
    return v128.bitselect(one(), f32x4.add(y, alpha), f32x4.gt(x, f32x4.splat(0)));
  }
}

/**
 * The same where alpha is large: then y + alpha has lost what is left of alpha · eˣ, and the derivative takes x. Far
 * down it is (alpha · e⁻⁴⁰) · e^(x + 40), since eˣ alone is cut to 0 where alpha still makes something of it.
 */
@unmanaged
export class SteepElu {
  @inline
  forward(x: v128, alpha: v128): v128 {
    return changetype<Elu>(0).forward(x, alpha);
  }

  @inline
  derivative(x: v128, y: v128, alpha: v128): v128 {
    const far = f32x4.lt(x, constant(ELU));
    const power = exp(f32x4.pmin(f32x4.sub(x, v128.and(constant(ELU), far)), f32x4.splat(0)));
    const factor = v128.bitselect(f32x4.mul(alpha, constant(ELU + 1)), alpha, far);
    return v128.bitselect(one(), f32x4.mul(factor, power), f32x4.gt(x, f32x4.splat(0)));
  }
}
