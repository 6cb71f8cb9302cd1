import { sigmoid, softplus } from '../../simd/math';

/** ln(1 + eˣ) */
@unmanaged
export class Softplus {
  @inline
  forward(x: v128, setting: v128): v128 {
    return softplus(x);
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    return sigmoid(x);
  }
}
