// Normally distributed numbers from random bits, four at a time: √2 · erf⁻¹ of a uniform number, as M. Giles
// approximates it («Approximating the erfinv function», GPU Computing Gems 2, 2010; single precision, without
// branches).
import { constant, put, putQuad } from '../simd/constants';
import { madd } from '../simd/lanes';
import { log, one } from '../simd/math';
import { NORMAL } from './constants';

const TAILS = NORMAL + 9;
const HALF_STEP = NORMAL + 18;
const STEP = NORMAL + 19;
const BORDER = NORMAL + 20;
const MIDDLE = NORMAL + 21;
const EDGE = NORMAL + 22;
const SQRT_TWO = NORMAL + 23;

export function writeNormalConstants(): void {
  putQuad(NORMAL, f32x4(2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6));
  putQuad(NORMAL + 4, f32x4(0.00021858087, -0.00125372503, -0.00417768164, 0.246640727));
  put(NORMAL + 8, 1.50140941);
  putQuad(TAILS, f32x4(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844));
  putQuad(TAILS + 4, f32x4(0.00573950773, -0.0076224613, 0.00943887047, 1.00167406));
  put(TAILS + 8, 2.83297682);
  put(HALF_STEP, 0.5);
  put(STEP, 2.384185791015625e-7); // 2⁻²²
  put(BORDER, 5);
  put(MIDDLE, 2.5);
  put(EDGE, 3);
  put(SQRT_TWO, 1.41421356);
}

// @ts-ignore: decorator
@inline
function coefficient(index: i32, isTail: v128): v128 {
  return v128.bitselect(constant(TAILS + index), constant(NORMAL + index), isTail);
}

/** A normal number for each lane's 32 random bits, of which it takes the upper 23: from −5.3 to 5.3. */
// @ts-ignore: decorator
@inline
export function normalOf(bits: v128): v128 {
  const whole = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 9));
  const u = f32x4.mul(f32x4.add(whole, constant(HALF_STEP)), constant(STEP));
  const w = f32x4.neg(log(f32x4.mul(f32x4.sub(one(), u), f32x4.add(one(), u))));
  const isTail = f32x4.ge(w, constant(BORDER));
  const t = v128.bitselect(f32x4.sub(f32x4.sqrt(w), constant(EDGE)), f32x4.sub(w, constant(MIDDLE)), isTail);
  let p = coefficient(0, isTail);
  for (let i = 1; i < 9; i++) p = madd(p, t, coefficient(i, isTail));
  return f32x4.mul(f32x4.mul(p, u), constant(SQRT_TWO));
}
