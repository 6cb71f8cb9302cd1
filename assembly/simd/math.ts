// exp, expm1, log, log1p, tanh, the logistic function and the normal distribution's, on four lanes. The polynomials are
// least-maximum fits made for this project; the error each function reaches is tested against float64
// (test/kernels/math.test.ts).
import { constant, put, putQuad } from './constants';
import { flush, madd, nmadd } from './lanes';

const ONE = 0;
const HALF = 1;
const TWO = 2;
const LOG2E = 3;
const LN2_HIGH = 4;
const LN2_LOW = 5;
const ROUNDER = 6; // 1.5 · 2²³: adding it leaves the nearest whole number in the low bits
const EXP_FLOOR = 7; // below it exp is exactly 0, so that no denormal is ever made
const EXP_CEILING = 8;
const EXP = 9; // … 13
const ATANH = 14; // … 17
const SQRT_HALF = 18;
const TAIL = 19; // … 27
const TAIL_SCALE = 28;
const SIGN = 29;
const INFINITY_BITS = 30;
const EXPM1_FLOOR = 31;
const LN2 = 32;
const SMALLEST = 33;
const BELL_END = 34; // from here on e^(−x²/2) is below e⁻⁸⁰
const TINY = 35;
/** The two of quantized.ts. */
export const QUANTIZED = 36;
const GATE = 38; // … 45: of the numerator, then of the denominator
const GATE_END = 46; // from here on tanh is 1
/** Where the ops' own constants begin. */
export const FIRST_FREE = 47;

/** Writes the constants of this file; once for every memory. */
export function writeMathConstants(): void {
  putQuad(ONE, f32x4(1, 0.5, 2, 1.44269504)); // HALF, TWO, LOG2E
  putQuad(LN2_HIGH, f32x4(0.693359375, -2.12194440e-4, 12582912, -80)); // LN2_LOW, ROUNDER, EXP_FLOOR
  put(EXP_CEILING, 88.72283);
  putQuad(EXP, f32x4(0.5, 0.1666654348373413, 0.04166628047823906, 0.008366583846509457));
  put(EXP + 4, 0.0013946450781077147);
  putQuad(ATANH, f32x4(0.3333320617675781, 0.20010852813720703, 0.13999506831169128, 0.14012570679187775));
  put(SQRT_HALF, 0.70710678);
  putQuad(TAIL, f32x4(0.10375905781984329, 0.10301681607961655, 0.10302978754043579, 0.05102940648794174));
  putQuad(TAIL + 4, f32x4(0.16094401478767395, -0.15094368159770966, 0.2514869272708893, -0.15282683074474335));
  putQuad(TAIL + 8, f32x4(0.03050450049340725, 0.26, -0.0, Infinity)); // TAIL_SCALE, SIGN, INFINITY_BITS
  putQuad(EXPM1_FLOOR, f32x4(-17.5, 0.69314718, 1.17549435e-38, 13)); // LN2, SMALLEST, BELL_END
  put(TINY, 1e-20);
  putQuad(GATE, f32x4(0.13381025195121765, 0.003495587036013603, 2.0609062630683184e-5, 1.3354636507756368e-8));
  putQuad(GATE + 4, f32x4(0.4671434164047241, 0.025876978412270546, 0.0003285632992628962, 7.776548045512754e-7));
  put(GATE_END, 9);
}

// @ts-ignore: decorator
@inline
export function one(): v128 {
  return constant(ONE);
}

// @ts-ignore: decorator
@inline
export function half(): v128 {
  return constant(HALF);
}

// @ts-ignore: decorator
@inline
export function two(): v128 {
  return constant(TWO);
}

// @ts-ignore: decorator
@inline
export function ln2(): v128 {
  return constant(LN2);
}

/** The smallest normal number. */
// @ts-ignore: decorator
@inline
export function smallest(): v128 {
  return constant(SMALLEST);
}

/**
 * x without what lies below 1e-27: gradients that far down would make denormal products further on, and those are slow.
 */
// @ts-ignore: decorator
@inline
export function flushed(x: v128): v128 {
  return flush(x, constant(TINY));
}

// @ts-ignore: decorator
@inline
export function negate(x: v128): v128 {
  return v128.xor(x, constant(SIGN));
}

// @ts-ignore: decorator
@inline
export function absolute(x: v128): v128 {
  return v128.andnot(x, constant(SIGN));
}

/** −|x| */
// @ts-ignore: decorator
@inline
export function negativeAbsolute(x: v128): v128 {
  return v128.or(x, constant(SIGN));
}

/** |magnitude| with the sign of `sign`. */
// @ts-ignore: decorator
@inline
export function copySign(magnitude: v128, sign: v128): v128 {
  return v128.bitselect(sign, magnitude, constant(SIGN));
}

/** 1 where the mask is set, 0 elsewhere. */
// @ts-ignore: decorator
@inline
export function oneWhere(mask: v128): v128 {
  return v128.and(mask, constant(ONE));
}

/** (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline
function expTail(r: v128): v128 {
  let p = madd(constant(EXP + 4), r, constant(EXP + 3));
  p = madd(p, r, constant(EXP + 2));
  p = madd(p, r, constant(EXP + 1));
  return madd(p, r, constant(EXP));
}

/** eˣ for x ≤ 88: exactly 0 below −80, NaN for NaN. Adds n to the exponent's bits of e^(x − n ln 2). */
// @ts-ignore: decorator
@inline
export function fading(x: v128): v128 {
  const inside = f32x4.pmax(x, constant(EXP_FLOOR));
  const shifted = madd(inside, constant(LOG2E), constant(ROUNDER));
  const n = f32x4.sub(shifted, constant(ROUNDER));
  const r = nmadd(n, constant(LN2_LOW), nmadd(n, constant(LN2_HIGH), inside));
  const p = madd(f32x4.mul(r, r), expTail(r), f32x4.add(r, constant(ONE)));
  return v128.andnot(i32x4.add(p, i32x4.shl(shifted, 23)), f32x4.lt(x, constant(EXP_FLOOR)));
}

/** eˣ: exactly 0 below −80, Infinity where float32 has no room, NaN for NaN. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const ceiling = constant(EXP_CEILING);
  return v128.bitselect(constant(INFINITY_BITS), fading(f32x4.pmin(x, ceiling)), f32x4.gt(x, ceiling));
}

/** eˣ − 1 for x ≤ 0 without loss near 0; exactly −1 below −17.5. NaN for NaN. */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  const inside = f32x4.pmax(x, constant(EXPM1_FLOOR));
  const shifted = madd(inside, constant(LOG2E), constant(ROUNDER));
  const n = f32x4.sub(shifted, constant(ROUNDER));
  const r = nmadd(n, constant(LN2_LOW), nmadd(n, constant(LN2_HIGH), inside));
  const p = madd(f32x4.mul(r, r), expTail(r), r);
  const power = i32x4.add(constant(ONE), i32x4.shl(shifted, 23));
  return madd(p, power, f32x4.sub(power, constant(ONE)));
}

/** 2 atanh(s) = ln((1 + s) / (1 − s)) for |s| ≤ 1/3. */
// @ts-ignore: decorator
@inline
export function twiceAtanh(s: v128): v128 {
  const z = f32x4.mul(s, s);
  let p = madd(constant(ATANH + 3), z, constant(ATANH + 2));
  p = madd(p, z, constant(ATANH + 1));
  p = madd(p, z, constant(ATANH));
  const doubled = f32x4.add(s, s);
  return madd(f32x4.mul(p, z), doubled, doubled);
}

/** ln(1 + u) for 0 ≤ u ≤ 1, without loss near 0. */
// @ts-ignore: decorator
@inline
export function log1p(u: v128): v128 {
  return twiceAtanh(f32x4.div(u, f32x4.add(u, constant(TWO))));
}

/** ln x for normal x > 0; −Infinity for 0 and denormals, NaN for x < 0 and NaN, Infinity for Infinity. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  // x = 2ⁿ m with m in [√½, √2)
  const bits = i32x4.sub(x, constant(SQRT_HALF));
  const n = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  const m = i32x4.sub(x, v128.and(bits, i32x4.splat(0xff800000)));
  const s = f32x4.div(f32x4.sub(m, constant(ONE)), f32x4.add(m, constant(ONE)));
  const value = madd(n, constant(LN2_HIGH), madd(n, constant(LN2_LOW), twiceAtanh(s)));
  const tiny = v128.bitselect(negate(constant(INFINITY_BITS)), value, f32x4.lt(x, constant(SMALLEST)));
  const huge = v128.bitselect(x, tiny, f32x4.eq(x, constant(INFINITY_BITS)));
  // x < 0 and NaN: the square root is NaN there and finite or Infinity elsewhere.
  return v128.bitselect(huge, f32x4.sqrt(x), f32x4.ge(x, f32x4.splat(0)));
}

/** tanh x */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const e = expm1(f32x4.mul(negativeAbsolute(x), constant(TWO)));
  return copySign(f32x4.div(e, f32x4.add(e, constant(TWO))), x);
}

/** The logistic function 1 / (1 + e⁻ˣ). */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(constant(ONE), f32x4.add(constant(ONE), exp(negate(x))));
}

/** tanh x to 6 ulp, for gates: a quotient of polynomials, in half the time of {@link tanh}. */
// @ts-ignore: decorator
@inline
export function gateTanh(x: v128): v128 {
  const end = constant(GATE_END);
  const inside = f32x4.pmax(f32x4.pmin(x, end), negate(end));
  const z = f32x4.mul(inside, inside);
  let p = madd(constant(GATE + 3), z, constant(GATE + 2));
  p = madd(p, z, constant(GATE + 1));
  p = madd(p, z, constant(GATE));
  p = madd(p, z, constant(ONE));
  let q = madd(constant(GATE + 7), z, constant(GATE + 6));
  q = madd(q, z, constant(GATE + 5));
  q = madd(q, z, constant(GATE + 4));
  q = madd(q, z, constant(ONE));
  return f32x4.div(f32x4.mul(inside, p), q);
}

/** ln(1 + eˣ) */
// @ts-ignore: decorator
@inline
export function softplus(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p(exp(negativeAbsolute(x))));
}

/**
 * e^(−x²/2). What rounding took from x² is worked out and put back, as it would be multiplied by up to 80 otherwise.
 */
// @ts-ignore: decorator
@inline
export function bell(x: v128): v128 {
  const a = f32x4.pmin(absolute(x), constant(BELL_END));
  const square = f32x4.mul(a, a);
  // The upper half of a's digits, whose square is exact.
  const high = i32x4.shl(i32x4.shr_u(a, 12), 12);
  const lost = madd(f32x4.sub(a, high), f32x4.add(a, high), f32x4.sub(f32x4.mul(high, high), square));
  const power = exp(f32x4.mul(square, negate(constant(HALF))));
  return nmadd(f32x4.mul(lost, constant(HALF)), power, power);
}

/**
 * The normal distribution Φ(x) = ½ erfc(−x/√2), given e^(−x²/2): a polynomial in t = 1 / (1 + 0.26 |x|) times the bell,
 * as Hastings did, so that the lower tail keeps its relative precision.
 */
// @ts-ignore: decorator
@inline
export function normalCdf(x: v128, bellOfX: v128): v128 {
  const t = f32x4.div(constant(ONE), madd(absolute(x), constant(TAIL_SCALE), constant(ONE)));
  let p = madd(constant(TAIL + 8), t, constant(TAIL + 7));
  p = madd(p, t, constant(TAIL + 6));
  p = madd(p, t, constant(TAIL + 5));
  p = madd(p, t, constant(TAIL + 4));
  p = madd(p, t, constant(TAIL + 3));
  p = madd(p, t, constant(TAIL + 2));
  p = madd(p, t, constant(TAIL + 1));
  p = madd(p, t, constant(TAIL));
  const tail = f32x4.mul(f32x4.mul(p, t), bellOfX);
  return v128.bitselect(tail, f32x4.sub(constant(ONE), tail), f32x4.lt(x, f32x4.splat(0)));
}
