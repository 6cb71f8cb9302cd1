// How optimisers move parameters: one pass over flat regions, whatever the rule. Each rule is a small class in
// optimizers.ts: `first`, `second` and `third` give the new values of the buffers that it keeps, those methods that it
// has, and `parameter` gives the parameter's. Each method is told the gradient g, what the buffers were (a, b, c) and
// the new values of those before it (A, B, C), on four lanes.
import { CONTROLS_BYTES, controlsOf, firstOf, lastOf } from '../parts';
import { Controls, Op, ROW } from '../plan';
import { flush, madd } from '../simd/lanes';

@unmanaged
export class Update extends Op {
  parameters: usize;
  gradients: usize;
  /** The buffers that the optimiser keeps, each laid out as the parameters are; 0 where there is none. */
  first: usize;
  second: usize;
  third: usize;
  /** Rows of sixteen numbers. */
  rows: i32;
  /** Threads share them out so many at a time. */
  unit: i32;
  kind: i32;
  weightDecay: f32;
  /** 1: the decay acts on the parameter itself; 0: it is added to the gradient. */
  decoupled: i32;
  /** What the learning rate is multiplied by here. */
  rateFactor: f32;
  /** What the rule is set to, in the order of src/optimizers/kinds.ts. */
  s0: f64;
  s1: f64;
  s2: f64;
  s3: f64;
  s4: f64;
}

const TINY: f32 = 1e-30;

/** Bytes at the end of each thread's controls block for the numbers that a rule works with. */
export const RULE_BYTES: i32 = 256;

/**
 * What every rule works with. All of it lies in memory, each number in four lanes: V8 moves arithmetic down to where
 * its result is used, square roots and divisions too, and so into the loop; a load stays a load.
 */
@unmanaged
export class Rule {
  decay: v128;
  shrink: v128;
  /**
   * Added to a decaying average and taken away again, this rounds it to whole steps of some 1e-37, so that it is 0 or a
   * normal number: processors take many times longer over denormal ones, and WebAssembly cannot switch them off.
   */
  small: v128;

  @inline
  begin(r: Update, c: Controls): void {
    this.decay = f32x4.splat(r.decoupled ? 0 : r.weightDecay);
    this.shrink = f32x4.splat(r.decoupled ? <f32>(1 - rateOf(r, c) * <f64>r.weightDecay) : 1);
    this.small = f32x4.splat(TINY);
  }

  /**
   * beta · x + a · b, rounded in that way. Where multiply and add are fused, no product is rounded by itself, so that
   * only the sum may be denormal. Where they are not, x is made normal before it is multiplied, and what was added for
   * that is taken away again as far as it is left of it: `faded`.
   */
  @inline
  average(x: v128, beta: v128, a: v128, b: v128, faded: v128): v128 {
    const small = this.small;
    if (ASC_FEATURE_RELAXED_SIMD) return f32x4.sub(madd(x, beta, madd(a, b, small)), small);
    return f32x4.sub(madd(f32x4.add(x, small), beta, f32x4.mul(a, b)), faded);
  }
}

/** `small` times beta, multiplied as float32, so that an average of nothing is exactly 0. */
// @ts-ignore: decorator
@inline
export function faded(beta: f64): v128 {
  return f32x4.splat(TINY * <f32>beta);
}

// @ts-ignore: decorator
@inline
export function rateOf(r: Update, c: Controls): f64 {
  return c.learningRate * <f64>r.rateFactor;
}

// @ts-ignore: decorator
@inline
export function splat(value: f64): v128 {
  return f32x4.splat(<f32>value);
}

/** One pass of the rule R over this thread's share. */
export function update<R>(r: Update): void {
  const c = controlsOf(r);
  const rule = changetype<R>(changetype<usize>(c) + (CONTROLS_BYTES - RULE_BYTES));
  rule.begin(r, c);
  rule.prepare(r, c);
  const keeps = c.keeps;
  const decays = r.weightDecay != 0;
  const small = rule.small, decay = rule.decay, shrink = rule.shrink;
  const start = <usize>firstOf(r.rows, r.unit) * ROW;
  const end = r.parameters + <usize>lastOf(r.rows, r.unit) * ROW;
  let dw = r.gradients + start;
  let first = r.first + start;
  let second = r.second + start;
  let third = r.third + start;
  const none = f32x4.splat(0);
  let a0 = none, a1 = none, b0 = none, b1 = none, c0 = none, c1 = none;
  let A0 = none, A1 = none, B0 = none, B1 = none, C0 = none, C1 = none;
  for (let w = r.parameters + start; w < end; w += 32) {
    let w0 = v128.load(w);
    let w1 = v128.load(w, 16);
    let g0 = v128.load(dw);
    let g1 = v128.load(dw, 16);
    if (isDefined(rule.first)) {
      g0 = flush(g0, small);
      g1 = flush(g1, small);
      a0 = v128.load(first);
      a1 = v128.load(first, 16);
    }
    if (isDefined(rule.second)) {
      b0 = v128.load(second);
      b1 = v128.load(second, 16);
    }
    if (isDefined(rule.third)) {
      c0 = v128.load(third);
      c1 = v128.load(third, 16);
    }
    if (keeps) {
      v128.store(dw, w0);
      v128.store(dw, w1, 16);
    }
    if (!isDefined(rule.skipsDecay) || decays) {
      g0 = madd(w0, decay, g0);
      g1 = madd(w1, decay, g1);
      w0 = f32x4.mul(w0, shrink);
      w1 = f32x4.mul(w1, shrink);
    }
    if (isDefined(rule.first)) {
      A0 = rule.first(g0, a0, b0, c0);
      A1 = rule.first(g1, a1, b1, c1);
    }
    if (isDefined(rule.second)) {
      B0 = rule.second(g0, a0, b0, c0, A0);
      B1 = rule.second(g1, a1, b1, c1, A1);
    }
    if (isDefined(rule.third)) {
      C0 = rule.third(g0, a0, b0, c0, A0, B0);
      C1 = rule.third(g1, a1, b1, c1, A1, B1);
    }
    w0 = rule.parameter(w0, g0, a0, b0, c0, A0, B0, C0);
    w1 = rule.parameter(w1, g1, a1, b1, c1, A1, B1, C1);
    if (isDefined(rule.first)) {
      v128.store(first, A0);
      v128.store(first, A1, 16);
      first += 32;
    }
    if (isDefined(rule.second)) {
      v128.store(second, B0);
      v128.store(second, B1, 16);
      second += 32;
    }
    if (isDefined(rule.third)) {
      v128.store(third, C0);
      v128.store(third, C1, 16);
      third += 32;
    }
    v128.store(w, w0);
    v128.store(w, w1, 16);
    dw += 32;
  }
}

/**
 * base to a whole exponent, by squaring: the same bits everywhere, and no state that a saved run would have to carry.
 */
export function power(base: f64, exponent: i32): f64 {
  let result: f64 = 1;
  for (let square = base; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return result;
}
