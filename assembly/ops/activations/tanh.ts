import { nmadd } from '../../simd/lanes';
import { one, tanh } from '../../simd/math';

/** tanh x */
@unmanaged
export class Tanh {
  @inline
  forward(x: v128, setting: v128): v128 {
    return tanh(x);
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    return nmadd(y, y, one());
  }
}
