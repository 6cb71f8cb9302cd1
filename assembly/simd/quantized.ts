// The forward product with weights of 8 or 16 bits. They are widened exactly, so every sum is that of float32 weights;
// where int8 weights have scales, one for each column, the finished sums are multiplied by them.
import { PANEL, ROW } from '../plan';
import { constant, put } from './constants';
import { multiply } from './gemm';
import { madd } from './lanes';
import { QUANTIZED } from './math';

/**
 * Rows up to which each widens the weights for itself, in registers; more rows share a panel of them that is widened in
 * memory.
 */
const FEW: i32 = 2;

const WITHOUT_EXPONENT = QUANTIZED; // the bits of float32 that a float16 can fill when moved up by 13
const REBIAS = QUANTIZED + 1; // 2¹²⁷⁻¹⁵, from float16's exponents to float32's

export function writeQuantizedConstants(): void {
  put(WITHOUT_EXPONENT, reinterpret<f32>(0x8fffffff));
  put(REBIAS, 5.192296858534828e33);
}

// Markers, folded at compile time: the bytes of a weight are its marker's size.
@unmanaged
class Int8 {
  bits: i8;
}
@unmanaged
class Float16 {
  bits: i16;
}

/** The weights 0 … 7 of a row, or 8 … 15, as integers of 16 bits. */
// @ts-ignore: decorator
@inline
function eight<F>(w: usize, half: usize): v128 {
  return offsetof<F>() == 1 ? v128.load8x8_s(w + half * 8) : v128.load(w + half * 16);
}

/**
 * Four weights from integers of 32 bits. Float16's exponent is moved by a multiplication, which does denormal ones too.
 */
// @ts-ignore: decorator
@inline
function toFloat<F>(v: v128): v128 {
  if (offsetof<F>() == 1) return f32x4.convert_i32x4_s(v);
  return f32x4.mul(v128.and(i32x4.shl(v, 13), constant(WITHOUT_EXPONENT)), constant(REBIAS));
}

/** Four weights of 8, 16 or 32 bits, as float32. */
// @ts-ignore: decorator
@inline
export function fourWeights(w: usize, bits: i32): v128 {
  if (bits == 32) return v128.load(w);
  if (bits == 16) return toFloat<Float16>(i32x4.extend_low_i16x8_s(v128.load64_zero(w)));
  return toFloat<Int8>(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(w))));
}

/** to[inputs,16] = w[inputs,16], as float32. */
function widen<F>(to: usize, w: usize, inputs: i32): void {
  for (const end = to + <usize>inputs * ROW; to < end; to += ROW) {
    const low = eight<F>(w, 0);
    const high = eight<F>(w, 1);
    v128.store(to, toFloat<F>(i32x4.extend_low_i16x8_s(low)));
    v128.store(to, toFloat<F>(i32x4.extend_high_i16x8_s(low)), 16);
    v128.store(to, toFloat<F>(i32x4.extend_low_i16x8_s(high)), 32);
    v128.store(to, toFloat<F>(i32x4.extend_high_i16x8_s(high)), 48);
    w += PANEL * offsetof<F>();
  }
}

/** y[16] = x[inputs] · w[inputs,16] for one row of x, whose panels are `stride` bytes apart. */
function multiplyRow<F>(y: usize, x: usize, stride: usize, w: usize, inputs: i32): void {
  let c0 = i32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  for (; inputs > 0; inputs -= PANEL) {
    const end = x + (<usize>min(inputs, PANEL) << 2);
    for (let at = x; at < end; at += 4) {
      const a = v128.load32_splat(at);
      const low = eight<F>(w, 0);
      const high = eight<F>(w, 1);
      c0 = madd(a, toFloat<F>(i32x4.extend_low_i16x8_s(low)), c0);
      c1 = madd(a, toFloat<F>(i32x4.extend_high_i16x8_s(low)), c1);
      c2 = madd(a, toFloat<F>(i32x4.extend_low_i16x8_s(high)), c2);
      c3 = madd(a, toFloat<F>(i32x4.extend_high_i16x8_s(high)), c3);
      w += PANEL * offsetof<F>();
    }
    x += stride;
  }
  v128.store(y, c0);
  v128.store(y, c1, 16);
  v128.store(y, c2, 32);
  v128.store(y, c3, 48);
}

/** y[rows,16] = max(floor, y · scale[16] + b[16]); a scale of 0 means ones, a bias of 0 none. */
function applyScale(y: usize, scale: usize, b: usize, rows: i32, floor: f32): void {
  const lowest = f32x4.splat(floor);
  const one = f32x4.splat(1);
  for (let column: usize = 0; column < <usize>ROW; column += 16) {
    const s = scale == 0 ? one : v128.load(scale + column);
    const bias = v128.load(b + column);
    let at = y + column;
    for (let row = 0; row < rows; row++) {
      v128.store(at, f32x4.pmax(madd(v128.load(at), s, bias), lowest));
      at += ROW;
    }
  }
}

function multiplyBy<F>(
  y: usize,
  x: usize,
  w: usize,
  scale: usize,
  b: usize,
  scratch: usize,
  rows: i32,
  height: i32,
  inputs: i32,
  panels: i32,
  floor: f32,
  paired: i32,
): void {
  const stride = <usize>height * ROW;
  const scaleStep: usize = scale == 0 ? 0 : ROW;
  const biasStep: usize = b == 0 ? 0 : ROW;
  for (; panels > 0; panels--) {
    if (rows <= FEW) {
      for (let row: usize = 0; row < <usize>rows; row++) {
        multiplyRow<F>(y + row * ROW, x + row * ROW, stride, w, inputs);
      }
    } else {
      widen<F>(scratch, w, inputs);
      multiply(y, height, x, scratch, 0, rows, height, inputs, 0, 1, -Infinity, paired);
    }
    applyScale(y, scale, b, rows, floor);
    y += stride;
    w += <usize>inputs * PANEL * offsetof<F>();
    scale += scaleStep;
    b += biasStep;
  }
}

/**
 * y[B,O] = max(floor, (x[B,I] · w[I,O]) · scale[O] + b[O]) for `rows` rows of panels that are `height` high. Weights
 * are int8 or float16, by their `bits`; a scale of 0 means ones, a bias of 0 none. `scratch` is one panel of float32
 * weights, [I][16].
 */
export function multiplyQuantized(
  y: usize,
  x: usize,
  w: usize,
  scale: usize,
  b: usize,
  scratch: usize,
  rows: i32,
  height: i32,
  inputs: i32,
  panels: i32,
  floor: f32,
  bits: i32,
  paired: i32,
): void {
  if (bits == 8) multiplyBy<Int8>(y, x, w, scale, b, scratch, rows, height, inputs, panels, floor, paired);
  else multiplyBy<Float16>(y, x, w, scale, b, scratch, rows, height, inputs, panels, floor, paired);
}

/**
 * Panels first … last − 1 of float32 weights, [inputs,16] each, from ones of fewer bits as in
 * {@link multiplyQuantized}.
 */
export function widenPanels(to: usize, w: usize, scale: usize, inputs: i32, first: i32, last: i32, bits: i32): void {
  const numbers = <usize>inputs * PANEL;
  for (let panel = <usize>first; panel < <usize>last; panel++) {
    const block = to + panel * numbers * 4;
    if (bits == 8) widen<Int8>(block, w + panel * numbers, inputs);
    else widen<Float16>(block, w + panel * numbers * 2, inputs);
    applyScale(block, scale == 0 ? 0 : scale + panel * ROW, 0, inputs, -Infinity);
  }
}
