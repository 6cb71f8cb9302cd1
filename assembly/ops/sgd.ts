// Stochastic gradient descent, with momentum (Sutskever et al. 2013) as PyTorch defines it.
import { Op, ROW } from '../plan';
import { controlsOf, firstOf, lastOf } from '../parts';
import { madd } from '../simd/lanes';
import { faded, settled, tell, tellAtTheEnd, tiny } from './optimizer';

@unmanaged
export class Sgd extends Op {
  parameters: usize;
  gradients: usize;
  /** The momentum buffer. */
  velocity: usize;
  /** Rows of sixteen numbers. */
  rows: i32;
  /** Threads share them out so many at a time. */
  unit: i32;
  momentum: f32;
  nesterov: i32;
  weightDecay: f32;
}

/** w −= learningRate · (dw + weightDecay · w) over one flat region, or sgdMomentum where there is a velocity. */
export function sgd(r: Sgd): void {
  if (r.velocity) return sgdMomentum(r);
  const c = controlsOf(r);
  const step = settled(c, 0, -c.learningRate);
  const decay = settled(c, 1, r.weightDecay);
  const keeps = c.keeps;
  let poison0 = f32x4.splat(0);
  let poison1 = f32x4.splat(0);
  const start = <usize>firstOf(r.rows, r.unit) * ROW;
  const end = r.parameters + <usize>lastOf(r.rows, r.unit) * ROW;
  let dw = r.gradients + start;
  for (let w = r.parameters + start; w < end; w += 32) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const a = madd(madd(w0, decay, v128.load(dw)), step, w0);
    const b = madd(madd(w1, decay, v128.load(dw, 16)), step, w1);
    if (keeps) {
      v128.store(dw, w0);
      v128.store(dw, w1, 16);
    }
    v128.store(w, a);
    v128.store(w, b, 16);
    poison0 = f32x4.mul(poison0, a);
    poison1 = f32x4.mul(poison1, b);
    dw += 32;
  }
  tell(r, f32x4.add(poison0, poison1));
}

/** g = dw + weightDecay · w; v = momentum · v + g; w −= learningRate · (nesterov ? g + momentum · v : v) */
function sgdMomentum(r: Sgd): void {
  const c = controlsOf(r);
  const step = settled(c, 0, -c.learningRate);
  const decay = settled(c, 1, r.weightDecay);
  const momentum = settled(c, 2, r.momentum);
  // The update is past · v + present · g.
  const past = settled(c, 3, r.nesterov ? r.momentum : 1);
  const present = settled(c, 4, r.nesterov ? 1 : 0);
  const small = tiny();
  const keeps = c.keeps;
  const fadedBy = faded(c, 5, r.momentum);
  const start = <usize>firstOf(r.rows, r.unit) * ROW;
  const end = r.parameters + <usize>lastOf(r.rows, r.unit) * ROW;
  let dw = r.gradients + start;
  let v = r.velocity + start;
  for (let w = r.parameters + start; w < end; w += 32) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const g0 = madd(w0, decay, v128.load(dw));
    const g1 = madd(w1, decay, v128.load(dw, 16));
    const v0 = f32x4.sub(madd(momentum, f32x4.add(v128.load(v), small), g0), fadedBy);
    const v1 = f32x4.sub(madd(momentum, f32x4.add(v128.load(v, 16), small), g1), fadedBy);
    const a = madd(madd(past, v0, f32x4.mul(present, g0)), step, w0);
    const b = madd(madd(past, v1, f32x4.mul(present, g1)), step, w1);
    if (keeps) {
      v128.store(dw, w0);
      v128.store(dw, w1, 16);
    }
    v128.store(v, v0);
    v128.store(v, v1, 16);
    v128.store(w, a);
    v128.store(w, b, 16);
    dw += 32;
    v += 32;
  }
  // A velocity that is not finite makes its parameter so.
  tellAtTheEnd(r, r.parameters, r.rows, r.unit);
}
