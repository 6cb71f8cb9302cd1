/**
 * Functions of float64 that give the same bits on every engine, as host `Math` does not: beyond exact operations only
 * + - * / and sqrt are used, which IEEE 754 rounds in one way.
 */

// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/**
 * The natural logarithm of a positive finite number, the same bits on every engine; within 3 ulp of the true value.
 *
 * With x = m · 2^e and m in [0.7, 1.4): ln x = e · ln 2 + 2 · atanh(f), f = (m - 1) / (m + 1). As f² < 0.0312, the
 * terms of atanh's series beyond f^21 are below float64's precision.
 */
export function naturalLog(x: number): number {
  let m = x;
  let e = 0;
  for (; m < 0.7; e--) m *= 2;
  for (; m >= 1.4; e++) m /= 2;
  const f = (m - 1) / (m + 1);
  const f2 = f * f;
  let series = 0;
  for (let power = 21; power >= 3; power -= 2) series = (series + 1 / power) * f2;
  return e * LN2_HIGH + (2 * f + (2 * f * series + e * LN2_LOW));
}

/**
 * The natural exponential, the same bits on every engine; within 2 ulp of the true value where that is a normal number.
 *
 * eˣ = 2^k · eʳ with |r| <= ln 2 / 2, of which the terms of the series beyond r^14 are below float64's precision.
 */
export function naturalExp(x: number): number {
  if (x > 710) return Number.POSITIVE_INFINITY;
  if (x < -750) return 0;
  const k = Math.round(x / LN2_HIGH);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let series = 1;
  for (let power = 14; power >= 1; power--) series = 1 + (r / power) * series;
  let result = series;
  for (let i = k; i > 0; i--) result *= 2;
  for (let i = k; i < 0; i++) result /= 2;
  return result;
}

/** x to the power of y, for x > 0. */
export function powerOf(x: number, y: number): number {
  return naturalExp(y * naturalLog(x));
}

/**
 * The cosine of x · π for x from 0 to 1, the same bits on every engine; within 4e-16 of the true value.
 *
 * Of an angle a up to π / 4 its series or that of the sine, whose terms beyond a^18 are below float64's precision.
 */
export function cosineOfTurns(x: number): number {
  if (x > 0.5) return -cosineOfTurns(1 - x);
  const isSine = x > 0.25;
  const a = (isSine ? 0.5 - x : x) * Math.PI;
  let series = 1;
  for (let power = 18; power >= 2; power -= 2) {
    series = 1 - ((a * a) / (isSine ? power * (power + 1) : power * (power - 1))) * series;
  }
  return isSine ? a * series : series;
}
