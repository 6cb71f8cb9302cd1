import { madd } from '../../simd/lanes';
import { half, one } from '../../simd/math';
import { constant } from '../../simd/constants';
import { HARD } from '../constants';
import { hardGate } from './hardSigmoid';

/** x times the hard sigmoid; Howard et al. 2019. */
@unmanaged
export class HardSwish {
  @inline
  forward(x: v128, setting: v128): v128 {
    return f32x4.mul(x, hardGate(x));
  }

  @inline
  derivative(x: v128, y: v128, setting: v128): v128 {
    // PyTorch's choice at the corners: ½ + x/3 from −3 on, 1 from 3 on.
    const middle = v128.bitselect(one(), madd(x, constant(HARD + 3), half()), f32x4.ge(x, constant(HARD + 1)));
    return v128.and(middle, f32x4.ge(x, constant(HARD + 2)));
  }
}
