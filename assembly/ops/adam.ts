// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as PyTorch defines them.
import { Adam, PANEL, ROW } from '../plan';
import { controlsOf, firstUnit, lastUnit } from '../parts';
import { madd, nmadd } from '../simd/lanes';
import { tiny, tinySquare } from './optimizer';

/**
 * g = dw + decay · w; m = beta1 · m + (1 − beta1) g; v = beta2 · v + (1 − beta2) g²;
 * w = shrink · w − learningRate / (1 − beta1ᵗ) · m / (√v / √(1 − beta2ᵗ) + epsilon), one pass over one flat region.
 */
export function adam(r: Adam): void {
  const c = controlsOf(r);
  const beta1 = f32x4.splat(<f32>r.beta1);
  const beta2 = f32x4.splat(<f32>r.beta2);
  const rest1 = f32x4.splat(<f32>(1 - r.beta1));
  const rest2 = f32x4.splat(<f32>(1 - r.beta2));
  const step = f32x4.splat(<f32>(c.learningRate / (1 - power(r.beta1, c.step))));
  const unbias = f32x4.splat(<f32>(1 / sqrt<f64>(1 - power(r.beta2, c.step))));
  const epsilon = f32x4.splat(r.epsilon);
  const decay = f32x4.splat(r.decoupled ? 0 : r.weightDecay);
  const shrink = f32x4.splat(r.decoupled ? <f32>(1 - c.learningRate * <f64>r.weightDecay) : 1);
  const small = tiny();
  const smallSquare = tinySquare();
  const start = <usize>firstUnit(r.count / PANEL) * ROW;
  const end = r.parameters + <usize>lastUnit(r.count / PANEL) * ROW;
  let dw = r.gradients + start;
  let m = r.m + start;
  let v = r.v + start;
  for (let w = r.parameters + start; w < end; w += 32) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const g0 = madd(w0, decay, v128.load(dw));
    const g1 = madd(w1, decay, v128.load(dw, 16));
    const m0 = f32x4.sub(madd(v128.load(m), beta1, madd(g0, rest1, small)), small);
    const m1 = f32x4.sub(madd(v128.load(m, 16), beta1, madd(g1, rest1, small)), small);
    const v0 = f32x4.sub(madd(v128.load(v), beta2, madd(f32x4.mul(g0, g0), rest2, smallSquare)), smallSquare);
    const v1 = f32x4.sub(madd(v128.load(v, 16), beta2, madd(f32x4.mul(g1, g1), rest2, smallSquare)), smallSquare);
    const d0 = madd(f32x4.sqrt(v0), unbias, epsilon);
    const d1 = madd(f32x4.sqrt(v1), unbias, epsilon);
    const a = nmadd(step, f32x4.div(m0, d0), f32x4.mul(w0, shrink));
    const b = nmadd(step, f32x4.div(m1, d1), f32x4.mul(w1, shrink));
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

/** base to a whole exponent, by squaring: the same bits everywhere, and no state that a saved run would have to carry. */
function power(base: f64, exponent: i32): f64 {
  let result: f64 = 1;
  for (let square = base; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return result;
}
