// Depthwise convolution by windows of 3 × 3: a line of an image at a time, of which every number is read from memory as
// it is multiplied, and what it is multiplied by, or added to, stays in registers.
import { ROW } from '../plan';
import { madd } from '../simd/lanes';
import { Window, endsBeyond, firstX, lineOf } from './window';

/** Whether {@link forwardRun} and {@link weightRun} know what such windows read. */
export function isSmall(g: Window, multiplier: i32): bool {
  return multiplier == 1 && g.kernelWidth == 3 && g.kernelHeight == 3 && g.dilationX == 1 && g.width > 1;
}

/** Each line is summed up by itself, so that none waits for another, then added in order: everywhere, for the bits. */
// @ts-ignore: decorator
@inline
function sumLines(bias: v128, first: v128, second: v128, third: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.add(bias, first), second), third);
}

/**
 * Four channels of the outputs side by side that {@link nearlyWhole} counted: the weights, `step` apart,
 * stay in registers. What is left out beyond the image above and below is three rows of zeros.
 */
export function forwardRun(
  g: Window,
  y: usize,
  x: usize,
  w: usize,
  step: usize,
  b: usize,
  count: i32,
  floor: f32,
): void {
  const lowest = f32x4.splat(floor);
  const w0 = v128.load(w);
  const w1 = v128.load((w += step));
  const w2 = v128.load((w += step));
  const w3 = v128.load((w += step));
  const w4 = v128.load((w += step));
  const w5 = v128.load((w += step));
  const w6 = v128.load((w += step));
  const w7 = v128.load((w += step));
  const w8 = v128.load((w += step));
  const bias = v128.load(b);
  let x0 = lineOf(g, x, 0);
  let x1 = lineOf(g, x, 1);
  let x2 = lineOf(g, x, 2);
  const across = <usize>g.strideX * ROW;
  const across0 = x0 ? across : 0;
  const across1 = x1 ? across : 0;
  const across2 = x2 ? across : 0;
  const isCut = endsBeyond(g, count);
  const end = y + <usize>(isCut ? count - 1 : count) * ROW;
  if (firstX > 0) {
    const first = madd(v128.load(x0, 128), w2, f32x4.mul(v128.load(x0, 64), w1));
    const second = madd(v128.load(x1, 128), w5, f32x4.mul(v128.load(x1, 64), w4));
    const third = madd(v128.load(x2, 128), w8, f32x4.mul(v128.load(x2, 64), w7));
    v128.store(y, f32x4.pmax(sumLines(bias, first, second, third), lowest));
    x0 += across0;
    x1 += across1;
    x2 += across2;
    y += ROW;
  }
  for (; y < end; y += ROW) {
    let first = f32x4.mul(v128.load(x0), w0);
    let second = f32x4.mul(v128.load(x1), w3);
    let third = f32x4.mul(v128.load(x2), w6);
    first = madd(v128.load(x0, 64), w1, first);
    second = madd(v128.load(x1, 64), w4, second);
    third = madd(v128.load(x2, 64), w7, third);
    first = madd(v128.load(x0, 128), w2, first);
    second = madd(v128.load(x1, 128), w5, second);
    third = madd(v128.load(x2, 128), w8, third);
    v128.store(y, f32x4.pmax(sumLines(bias, first, second, third), lowest));
    x0 += across0;
    x1 += across1;
    x2 += across2;
  }
  if (!isCut) return;
  const first = madd(v128.load(x0, 64), w1, f32x4.mul(v128.load(x0), w0));
  const second = madd(v128.load(x1, 64), w4, f32x4.mul(v128.load(x1), w3));
  const third = madd(v128.load(x2, 64), w7, f32x4.mul(v128.load(x2), w6));
  v128.store(y, f32x4.pmax(sumLines(bias, first, second, third), lowest));
}

/** Four channels of dw += what the windows of {@link forwardRun} read, times dy. */
export function weightRun(g: Window, dw: usize, x: usize, dy: usize, count: i32): void {
  let c0 = v128.load(dw);
  let c1 = v128.load(dw, 64);
  let c2 = v128.load(dw, 128);
  let c3 = v128.load(dw, 192);
  let c4 = v128.load(dw, 256);
  let c5 = v128.load(dw, 320);
  let c6 = v128.load(dw, 384);
  let c7 = v128.load(dw, 448);
  let c8 = v128.load(dw, 512);
  let x0 = lineOf(g, x, 0);
  let x1 = lineOf(g, x, 1);
  let x2 = lineOf(g, x, 2);
  const across = <usize>g.strideX * ROW;
  const across0 = x0 ? across : 0;
  const across1 = x1 ? across : 0;
  const across2 = x2 ? across : 0;
  const isCut = endsBeyond(g, count);
  const end = dy + <usize>(isCut ? count - 1 : count) * ROW;
  let d = v128.load(dy);
  if (firstX > 0) {
    c1 = madd(v128.load(x0, 64), d, c1);
    c2 = madd(v128.load(x0, 128), d, c2);
    c4 = madd(v128.load(x1, 64), d, c4);
    c5 = madd(v128.load(x1, 128), d, c5);
    c7 = madd(v128.load(x2, 64), d, c7);
    c8 = madd(v128.load(x2, 128), d, c8);
    x0 += across0;
    x1 += across1;
    x2 += across2;
    dy += ROW;
  }
  for (; dy < end; dy += ROW) {
    d = v128.load(dy);
    c0 = madd(v128.load(x0), d, c0);
    c1 = madd(v128.load(x0, 64), d, c1);
    c2 = madd(v128.load(x0, 128), d, c2);
    c3 = madd(v128.load(x1), d, c3);
    c4 = madd(v128.load(x1, 64), d, c4);
    c5 = madd(v128.load(x1, 128), d, c5);
    c6 = madd(v128.load(x2), d, c6);
    c7 = madd(v128.load(x2, 64), d, c7);
    c8 = madd(v128.load(x2, 128), d, c8);
    x0 += across0;
    x1 += across1;
    x2 += across2;
  }
  if (isCut) {
    d = v128.load(dy);
    c0 = madd(v128.load(x0), d, c0);
    c1 = madd(v128.load(x0, 64), d, c1);
    c3 = madd(v128.load(x1), d, c3);
    c4 = madd(v128.load(x1, 64), d, c4);
    c6 = madd(v128.load(x2), d, c6);
    c7 = madd(v128.load(x2, 64), d, c7);
  }
  v128.store(dw, c0);
  v128.store(dw, c1, 64);
  v128.store(dw, c2, 128);
  v128.store(dw, c3, 192);
  v128.store(dw, c4, 256);
  v128.store(dw, c5, 320);
  v128.store(dw, c6, 384);
  v128.store(dw, c7, 448);
  v128.store(dw, c8, 512);
}
