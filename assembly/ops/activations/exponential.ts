import { exp } from '../../simd/math';

/** eˣ */
@unmanaged
export class Exponential {
  @inline
  forward(x: v128, setting: v128): v128 {
    return exp(x);
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    return y;
  }
}
