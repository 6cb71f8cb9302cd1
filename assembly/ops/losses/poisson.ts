import { nmadd } from '../../simd/lanes';
import { log, one, smallest } from '../../simd/math';

/**
 * p − t ln p of rates: a Poisson distribution's negative log-likelihood but for what t alone gives. A p of 0 counts as
 * the smallest normal number.
 */
@unmanaged
export class Poisson {
  @inline
  value(p: v128, t: v128, setting: v128): v128 {
    return nmadd(t, log(f32x4.pmax(p, smallest())), p);
  }

  @inline
  derivative(p: v128, t: v128, setting: v128): v128 {
    return f32x4.sub(one(), f32x4.div(t, f32x4.pmax(p, smallest())));
  }
}
