import { constant, put } from '../../simd/constants';
import { madd } from '../../simd/lanes';
import { exp, negate, one, sigmoid } from '../../simd/math';
import { SILU } from '../constants';

export function writeSiluConstants(): void {
  put(SILU, 6);
}

/** x · σ(x), also called swish; Elfwing et al. 2017. */
@unmanaged
export class Silu {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.mul(x, sigmoid(x));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    const e = exp(negate(x));
    const s = f32x4.div(one(), f32x4.add(one(), e));
    // Further out 1 − s has lost the digits that x would make large again, and e · s has them.
    const rest = v128.bitselect(f32x4.mul(e, s), f32x4.sub(one(), s), f32x4.gt(x, constant(SILU)));
    return f32x4.mul(s, madd(x, rest, one()));
  }
}
