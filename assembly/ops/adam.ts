// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as PyTorch defines them.
import { controlsOf, firstOf, lastOf } from '../parts';
import { Controls, Op, ROW } from '../plan';
import { madd, nmadd, sweep } from '../simd/lanes';
import { average, faded, settled, tellAtTheEnd, tiny } from './optimizer';

@unmanaged
export class Adam extends Op {
  parameters: usize;
  gradients: usize;
  /** First moments. */
  m: usize;
  /** Second moments. */
  v: usize;
  /** Rows of sixteen numbers. */
  rows: i32;
  /** Threads share them out so many at a time. */
  unit: i32;
  epsilon: f32;
  beta1: f64;
  beta2: f64;
  weightDecay: f32;
  /** 1: the decay acts on the parameter itself (AdamW); 0: it is added to the gradient. */
  decoupled: i32;
}

/**
 * The least divisor: where gradients are so small that their squares are swept away, an epsilon of 0 would divide by
 * nothing.
 */
const LEAST: f64 = 1e-18;

// Markers, folded at compile time: without decay two constants fewer have to stay in registers.
@unmanaged
class Plain {}
@unmanaged
class Decaying {
  decays: bool;
}

/**
 * g = dw + decay · w; m = beta1 · m + (1 − beta1) g; v = beta2 · v + (1 − beta2) g²;
 * w = shrink · w − learningRate / (1 − beta1ᵗ) · m / (√v / √(1 − beta2ᵗ) + epsilon), one pass over one flat region.
 */
export function adam(r: Adam): void {
  const c = controlsOf(r);
  if (r.weightDecay == 0) update<Plain>(r, c);
  else update<Decaying>(r, c);
  tellAtTheEnd(r, r.parameters, r.rows, r.unit);
  // A second moment that is NaN makes its parameter NaN too; an infinite one stops it in silence.
  tellAtTheEnd(r, r.v, r.rows, r.unit);
}

function update<D>(r: Adam, c: Controls): void {
  const decays = offsetof<D>() != 0;
  // Both sides of the fraction are multiplied by √(1 − beta2ᵗ), which leaves √v as it is.
  const unbias = sqrt<f64>(1 - power(r.beta2, c.step));
  const step = settled(c, 0, (c.learningRate * unbias) / (1 - power(r.beta1, c.step)));
  const epsilon = settled(c, 1, max<f64>(<f64>r.epsilon * unbias, LEAST));
  const beta1 = settled(c, 2, r.beta1);
  const beta2 = settled(c, 3, r.beta2);
  const rest1 = settled(c, 4, 1 - r.beta1);
  const rest2 = settled(c, 5, 1 - r.beta2);
  const decay = settled(c, 6, r.decoupled ? 0 : r.weightDecay);
  const shrink = settled(c, 7, r.decoupled ? 1 - c.learningRate * <f64>r.weightDecay : 1);
  const small = tiny();
  const keeps = c.keeps;
  const faded1 = faded(c, 8, r.beta1);
  const faded2 = faded(c, 9, r.beta2);
  const start = <usize>firstOf(r.rows, r.unit) * ROW;
  const end = r.parameters + <usize>lastOf(r.rows, r.unit) * ROW;
  let dw = r.gradients + start;
  let m = r.m + start;
  let v = r.v + start;
  for (let w = r.parameters + start; w < end; w += 32) {
    let w0 = v128.load(w);
    let w1 = v128.load(w, 16);
    let g0 = sweep(v128.load(dw), small);
    let g1 = sweep(v128.load(dw, 16), small);
    if (keeps) {
      v128.store(dw, w0);
      v128.store(dw, w1, 16);
    }
    if (decays) {
      g0 = madd(w0, decay, g0);
      g1 = madd(w1, decay, g1);
      w0 = f32x4.mul(w0, shrink);
      w1 = f32x4.mul(w1, shrink);
    }
    const m0 = average(v128.load(m), beta1, g0, rest1, small, faded1);
    const m1 = average(v128.load(m, 16), beta1, g1, rest1, small, faded1);
    const v0 = average(v128.load(v), beta2, f32x4.mul(g0, rest2), g0, small, faded2);
    const v1 = average(v128.load(v, 16), beta2, f32x4.mul(g1, rest2), g1, small, faded2);
    const a = nmadd(step, f32x4.div(m0, f32x4.add(f32x4.sqrt(v0), epsilon)), w0);
    const b = nmadd(step, f32x4.div(m1, f32x4.add(f32x4.sqrt(v1), epsilon)), w1);
    v128.store(m, m0);
    v128.store(m, m1, 16);
    v128.store(v, v0);
    v128.store(v, v1, 16);
    v128.store(w, a);
    v128.store(w, b, 16);
    dw += 32;
    m += 32;
    v += 32;
  }
}

/**
 * base to a whole exponent, by squaring: the same bits everywhere, and no state that a saved run would have to carry.
 */
function power(base: f64, exponent: i32): f64 {
  let result: f64 = 1;
  for (let square = base; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return result;
}
