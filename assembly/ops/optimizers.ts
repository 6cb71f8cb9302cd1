// The rules by which optimisers move parameters, as PyTorch defines them: one class each, for the kernel in update.ts.
import { UpdateKind } from '../../src/plan/opcodes';
import { Controls } from '../plan';
import { madd, nmadd } from '../simd/lanes';
import { tellAtTheEnd } from './finite';
import { Rule, Update, faded, power, rateOf, splat, update } from './update';

/** Moves this thread's share of a stretch of parameters by the record's rule. */
export function updateParameters(r: Update): void {
  switch (r.kind) {
    case UpdateKind.sgd: update<Sgd>(r); break;
    case UpdateKind.momentum: update<Momentum>(r); break;
    case UpdateKind.adam: update<Adam>(r); break;
    case UpdateKind.amsgrad: update<Amsgrad>(r); break;
    case UpdateKind.nadam: update<Nadam>(r); break;
    case UpdateKind.radam: update<Radam>(r); break;
    case UpdateKind.adamax: update<Adamax>(r); break;
    case UpdateKind.adagrad: update<Adagrad>(r); break;
    case UpdateKind.adadelta: update<Adadelta>(r); break;
    case UpdateKind.rprop: update<Rprop>(r); break;
    case UpdateKind.lion: update<Lion>(r); break;
    case UpdateKind.rmsprop: update<Rmsprop>(r); break;
    case UpdateKind.rmspropMomentum: update<RmspropMomentum>(r); break;
    case UpdateKind.centeredRmsprop: update<CenteredRmsprop>(r); break;
    case UpdateKind.centeredRmspropMomentum: update<CenteredRmspropMomentum>(r); break;
  }
  // A buffer that is not finite makes its parameter so, or stops it in silence.
  tellAtTheEnd(r, r.parameters, r.rows, r.unit);
  if (r.first) tellAtTheEnd(r, r.first, r.rows, r.unit);
  if (r.second) tellAtTheEnd(r, r.second, r.rows, r.unit);
  if (r.third) tellAtTheEnd(r, r.third, r.rows, r.unit);
}

/** Stochastic gradient descent: w −= learningRate · g. */
@unmanaged
export class Sgd extends Rule {
  step: v128;

  /** Where nothing decays a branch costs less than multiplying by 0 and by 1, and some bytes for each rule. */
  @inline
  skipsDecay(): void {}

  @inline
  prepare(r: Update, c: Controls): void {
    this.step = splat(-rateOf(r, c));
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return madd(g, this.step, w);
  }
}

/**
 * With momentum (Sutskever et al. 2013): v = momentum · v + g; w −= learningRate · (nesterov ? g + momentum · v : v).
 */
@unmanaged
export class Momentum extends Rule {
  step: v128;
  momentum: v128;
  faded: v128;
  // The update is past · v + present · g.
  past: v128;
  present: v128;

  @inline
  skipsDecay(): void {}

  @inline
  prepare(r: Update, c: Controls): void {
    this.step = splat(-rateOf(r, c));
    this.momentum = splat(r.s0);
    this.faded = faded(r.s0);
    this.past = splat(r.s1 ? r.s0 : 1);
    this.present = splat(r.s1 ? 1 : 0);
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return f32x4.sub(madd(this.momentum, f32x4.add(a, this.small), g), this.faded);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return madd(madd(this.past, A, f32x4.mul(this.present, g)), this.step, w);
  }
}

/**
 * The least divisor: where gradients are so small that their squares are flushed away, an epsilon of 0 would divide by
 * nothing.
 */
const LEAST: f64 = 1e-18;

/** The two averages that Adam and its kin keep. */
@unmanaged
export class Moments extends Rule {
  step: v128;
  epsilon: v128;
  beta1: v128;
  rest1: v128;
  faded1: v128;
  beta2: v128;
  rest2: v128;
  faded2: v128;

  /** Both sides of the fraction are multiplied by √(1 − beta2ᵗ), which leaves √v as it is. */
  @inline
  settle(r: Update, c: Controls): void {
    const unbias = sqrt<f64>(1 - power(r.s1, c.step));
    this.step = splat((rateOf(r, c) * unbias) / (1 - power(r.s0, c.step)));
    this.epsilon = splat(max<f64>(r.s2 * unbias, LEAST));
    this.beta1 = splat(r.s0);
    this.rest1 = splat(1 - r.s0);
    this.faded1 = faded(r.s0);
    this.beta2 = splat(r.s1);
    this.rest2 = splat(1 - r.s1);
    this.faded2 = faded(r.s1);
  }

  @inline
  mean(m: v128, g: v128): v128 {
    return this.average(m, this.beta1, g, this.rest1, this.faded1);
  }

  @inline
  square(v: v128, g: v128): v128 {
    return this.average(v, this.beta2, f32x4.mul(g, this.rest2), g, this.faded2);
  }
}

/**
 * Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019): m = beta1 · m + (1 − beta1) g;
 * v = beta2 · v + (1 − beta2) g²; w −= learningRate / (1 − beta1ᵗ) · m / (√v / √(1 − beta2ᵗ) + epsilon).
 */
@unmanaged
export class Adam extends Moments {
  @inline
  skipsDecay(): void {}

  @inline
  prepare(r: Update, c: Controls): void {
    this.settle(r, c);
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.mean(a, g);
  }

  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    return this.square(b, g);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return nmadd(this.step, f32x4.div(A, f32x4.add(f32x4.sqrt(B), this.epsilon)), w);
  }
}

/** Adam with the largest v there ever was in v's place (Reddi, Kale and Kumar 2018). */
@unmanaged
export class Amsgrad extends Moments {
  @inline
  prepare(r: Update, c: Controls): void {
    this.settle(r, c);
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.mean(a, g);
  }

  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    return this.square(b, g);
  }

  @inline
  third(g: v128, a: v128, b: v128, c: v128, A: v128, B: v128): v128 {
    return f32x4.pmax(c, B);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return nmadd(this.step, f32x4.div(A, f32x4.add(f32x4.sqrt(C), this.epsilon)), w);
  }
}

/**
 * Adam with Nesterov's momentum (Dozat 2016): μₜ = beta1 (1 − 0.96^(t · momentumDecay) / 2), Pₜ = μ₁ … μₜ;
 * w −= learningRate (μₜ₊₁ / (1 − Pₜ μₜ μₜ₊₁) · m + (1 − μₜ) / (1 − Pₜ) · g) / (√v / √(1 − beta2ᵗ) + epsilon). Dozat has
 * no second μₜ there; PyTorch 1.13, whose definition this is, has.
 */
@unmanaged
export class Nadam extends Moments {
  ahead: v128;

  @inline
  prepare(r: Update, c: Controls): void {
    this.settle(r, c);
    const product = momenta(r, c);
    const now = momentum(r, c.step);
    const next = momentum(r, c.step + 1);
    const unbiased = rateOf(r, c) * sqrt<f64>(1 - power(r.s1, c.step));
    this.step = splat((unbiased * next) / (1 - product * now * next));
    this.ahead = splat((unbiased * (1 - now)) / (1 - product));
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.mean(a, g);
  }

  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    return this.square(b, g);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    const way = madd(this.step, A, f32x4.mul(this.ahead, g));
    return f32x4.sub(w, f32x4.div(way, f32x4.add(f32x4.sqrt(B), this.epsilon)));
  }
}

/** μₜ; s3 is 0.96 to the power of momentumDecay. */
function momentum(r: Update, step: i32): f64 {
  return r.s0 * (1 - 0.5 * power(r.s3, step));
}

/** Pₜ, carried on from step to step; where it was not, as after a resumption, it is multiplied in the same order. */
function momenta(r: Update, c: Controls): f64 {
  if (c.momentaStep == 0 || c.momentaStep > c.step) {
    c.momentaStep = 0;
    c.momenta = 1;
  }
  while (c.momentaStep < c.step) c.momenta *= momentum(r, ++c.momentaStep);
  return c.momenta;
}

/**
 * Adam whose step waits for the variance to be known (Liu et al. 2020): with ρ = 2 / (1 − beta2) − 1 and
 * ρₜ = ρ − 2 t beta2ᵗ / (1 − beta2ᵗ), m / (1 − beta1ᵗ) is divided by √v only where ρₜ is above 5.
 */
@unmanaged
export class Radam extends Moments {
  divides: v128;

  @inline
  prepare(r: Update, c: Controls): void {
    this.settle(r, c);
    const left = power(r.s1, c.step);
    const most = 2 / (1 - r.s1) - 1;
    const length = most - (2 * <f64>c.step * left) / (1 - left);
    const step = rateOf(r, c) / (1 - power(r.s0, c.step));
    const known = length > 5;
    this.divides = splat(known ? 1 : 0);
    this.epsilon = splat(known ? max<f64>(r.s2, LEAST) : 1);
    const rectified = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length);
    this.step = splat(known ? step * sqrt<f64>((1 - left) * rectified) : step);
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.mean(a, g);
  }

  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    return this.square(b, g);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return nmadd(this.step, f32x4.div(A, madd(this.divides, f32x4.sqrt(B), this.epsilon)), w);
  }
}

/**
 * Adam by the largest gradient that fades (Kingma and Ba 2015): u = max(beta2 · u, |g| + epsilon);
 * w −= learningRate / (1 − beta1ᵗ) · m / u.
 */
@unmanaged
export class Adamax extends Moments {
  @inline
  prepare(r: Update, c: Controls): void {
    this.settle(r, c);
    this.step = splat(rateOf(r, c) / (1 - power(r.s0, c.step)));
    this.epsilon = splat(max<f64>(r.s2, LEAST));
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.mean(a, g);
  }

  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    const size = f32x4.abs(g);
    return known(f32x4.pmax(f32x4.mul(b, this.beta2), f32x4.add(size, this.epsilon)), v128.or(size, b));
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return nmadd(this.step, f32x4.div(A, f32x4.pmax(B, this.epsilon)), w);
  }
}

/** Adagrad (Duchi, Hazan and Singer 2011): s += g²; w −= learningRate · g / (√s + epsilon). */
@unmanaged
export class Adagrad extends Rule {
  step: v128;
  epsilon: v128;

  @inline
  prepare(r: Update, c: Controls): void {
    this.step = splat(rateOf(r, c));
    this.epsilon = splat(max<f64>(r.s0, LEAST));
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return f32x4.sub(madd(g, g, f32x4.add(a, this.small)), this.small);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return nmadd(this.step, f32x4.div(g, f32x4.add(f32x4.sqrt(A), this.epsilon)), w);
  }
}

/**
 * Adadelta (Zeiler 2012): s = rho · s + (1 − rho) g²; δ = g · √(d + epsilon) / √(s + epsilon);
 * d = rho · d + (1 − rho) δ²; w −= learningRate · δ.
 */
@unmanaged
export class Adadelta extends Rule {
  step: v128;
  rho: v128;
  rest: v128;
  faded: v128;
  epsilon: v128;

  @inline
  prepare(r: Update, c: Controls): void {
    this.step = splat(rateOf(r, c));
    this.rho = splat(r.s0);
    this.rest = splat(1 - r.s0);
    this.faded = faded(r.s0);
    this.epsilon = splat(max<f64>(r.s1, LEAST));
  }

  @inline
  moved(g: v128, s: v128, d: v128): v128 {
    return f32x4.mul(g, f32x4.sqrt(f32x4.div(f32x4.add(d, this.epsilon), f32x4.add(s, this.epsilon))));
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.average(a, this.rho, f32x4.mul(g, this.rest), g, this.faded);
  }

  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    const moved = this.moved(g, A, b);
    return this.average(b, this.rho, f32x4.mul(moved, this.rest), moved, this.faded);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return nmadd(this.step, this.moved(g, A, b), w);
  }
}

/**
 * Resilient propagation (Riedmiller and Braun 1993): a step size for each parameter, which begins at the learning rate,
 * grows where the gradient keeps its sign and shrinks where it turns; there the gradient counts as 0.
 */
@unmanaged
export class Rprop extends Rule {
  begins: v128;
  shrinks: v128;
  grows: v128;
  least: v128;
  most: v128;
  one: v128;
  sign: v128;

  @inline
  prepare(r: Update, c: Controls): void {
    this.begins = splat(rateOf(r, c));
    this.shrinks = splat(r.s0);
    this.grows = splat(r.s1);
    this.least = splat(r.s2);
    this.most = splat(r.s3);
    this.one = splat(1);
    this.sign = splat(-0.0);
  }

  /** The step size; 0 before the first gradient. */
  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    const turned = f32x4.mul(g, b);
    const none = f32x4.splat(0);
    const size = v128.bitselect(this.begins, a, f32x4.eq(a, none));
    const slower = v128.bitselect(this.shrinks, this.one, f32x4.lt(turned, none));
    const factor = v128.bitselect(this.grows, slower, f32x4.gt(turned, none));
    return known(f32x4.pmin(f32x4.pmax(f32x4.mul(size, factor), this.least), this.most), v128.or(g, a));
  }

  /** The last gradient, 0 where it turned. */
  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    return v128.andnot(g, f32x4.lt(f32x4.mul(g, b), f32x4.splat(0)));
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return f32x4.sub(w, signed(B, A, this.sign));
  }
}

/** x, or 0 where there was never a gradient: what `ever` is made of. */
// @ts-ignore: decorator
@inline
function known(x: v128, ever: v128): v128 {
  return v128.and(x, f32x4.ne(ever, f32x4.splat(0)));
}

/** size with the sign of x, 0 where x is 0. */
// @ts-ignore: decorator
@inline
function signed(x: v128, size: v128, sign: v128): v128 {
  return v128.and(v128.or(v128.and(x, sign), size), f32x4.ne(x, f32x4.splat(0)));
}

/** Lion (Chen et al. 2023): w −= learningRate · sign(beta1 · m + (1 − beta1) g); m = beta2 · m + (1 − beta2) g. */
@unmanaged
export class Lion extends Rule {
  step: v128;
  beta1: v128;
  rest1: v128;
  beta2: v128;
  rest2: v128;
  faded2: v128;
  sign: v128;

  @inline
  prepare(r: Update, c: Controls): void {
    this.step = splat(rateOf(r, c));
    this.beta1 = splat(r.s0);
    this.rest1 = splat(1 - r.s0);
    this.beta2 = splat(r.s1);
    this.rest2 = splat(1 - r.s1);
    this.faded2 = faded(r.s1);
    this.sign = splat(-0.0);
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.average(a, this.beta2, g, this.rest2, this.faded2);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return f32x4.sub(w, signed(madd(a, this.beta1, f32x4.mul(g, this.rest1)), this.step, this.sign));
  }
}

/**
 * RMSProp (Tieleman and Hinton 2012): s = alpha · s + (1 − alpha) g²; w −= learningRate · g / (√s + epsilon). Centered
 * (Graves 2013), the square of an average of g is taken from s; with momentum, w follows
 * v = momentum · v + g / (√s + epsilon).
 */
@unmanaged
export class RmspropRule extends Rule {
  step: v128;
  epsilon: v128;
  alpha: v128;
  rest: v128;
  faded: v128;
  momentum: v128;
  fadedMomentum: v128;

  @inline
  prepare(r: Update, c: Controls): void {
    this.step = splat(rateOf(r, c));
    this.alpha = splat(r.s0);
    this.rest = splat(1 - r.s0);
    this.faded = faded(r.s0);
    this.epsilon = splat(max<f64>(r.s1, LEAST));
    this.momentum = splat(r.s2);
    this.fadedMomentum = faded(r.s2);
  }

  @inline
  first(g: v128, a: v128, b: v128, c: v128): v128 {
    return this.average(a, this.alpha, f32x4.mul(g, this.rest), g, this.faded);
  }

  @inline
  mean(x: v128, g: v128): v128 {
    return this.average(x, this.alpha, g, this.rest, this.faded);
  }

  /** g over the root of its square, which rounding must not take below 0. */
  @inline
  way(g: v128, square: v128): v128 {
    return f32x4.div(g, f32x4.add(f32x4.sqrt(f32x4.pmax(square, f32x4.splat(0))), this.epsilon));
  }

  @inline
  centered(g: v128, s: v128, mean: v128): v128 {
    return this.way(g, nmadd(mean, mean, s));
  }

  @inline
  follow(v: v128, way: v128): v128 {
    return this.average(v, this.momentum, way, f32x4.splat(1), this.fadedMomentum);
  }

  @inline
  moved(w: v128, way: v128): v128 {
    return nmadd(this.step, way, w);
  }
}

@unmanaged
export class Rmsprop extends RmspropRule {
  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return this.moved(w, this.way(g, A));
  }
}

@unmanaged
export class RmspropMomentum extends RmspropRule {
  @inline
  third(g: v128, a: v128, b: v128, c: v128, A: v128, B: v128): v128 {
    return this.follow(c, this.way(g, A));
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return this.moved(w, C);
  }
}

@unmanaged
export class CenteredRmsprop extends RmspropRule {
  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    return this.mean(b, g);
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return this.moved(w, this.centered(g, A, B));
  }
}

@unmanaged
export class CenteredRmspropMomentum extends RmspropRule {
  @inline
  second(g: v128, a: v128, b: v128, c: v128, A: v128): v128 {
    return this.mean(b, g);
  }

  @inline
  third(g: v128, a: v128, b: v128, c: v128, A: v128, B: v128): v128 {
    return this.follow(c, this.centered(g, A, B));
  }

  @inline
  parameter(w: v128, g: v128, a: v128, b: v128, c: v128, A: v128, B: v128, C: v128): v128 {
    return this.moved(w, C);
  }
}
