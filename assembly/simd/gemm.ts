// The three matrix products of training, over panels of 16 columns. Every output element sums its products in the order of the
// reduction, whatever tile it falls into, so a row's result has the same bits in every batch.
import { PANEL, ROW } from '../plan';
import { madd } from './lanes';

/** y[B,O] = max(floor, x[B,I] · w[I,O] + b[O]), the output panels first … last − 1. A bias of 0 means none. */
export function multiply(
  y: usize,
  x: usize,
  w: usize,
  b: usize,
  rows: i32,
  inputs: i32,
  first: i32,
  last: i32,
  floor: f32,
): void {
  const panelBytes = <usize>rows * ROW;
  const lowest = f32x4.splat(floor);
  for (let panel = first; panel < last; panel++) {
    const wPanel = w + <usize>panel * inputs * ROW;
    let to = y + <usize>panel * panelBytes;
    for (let row = 0; row < rows; row++) {
      let c0 = f32x4.splat(0);
      let c1 = c0;
      let c2 = c0;
      let c3 = c0;
      if (b != 0) {
        const bias = b + panel * ROW;
        c0 = v128.load(bias);
        c1 = v128.load(bias, 16);
        c2 = v128.load(bias, 32);
        c3 = v128.load(bias, 48);
      }
      let from = x + row * ROW;
      let weights = wPanel;
      for (let i = 0; i < inputs; i += PANEL) {
        const columns = min(PANEL, inputs - i);
        let at = from;
        for (let k = 0; k < columns; k++) {
          const value = v128.load32_splat(at);
          c0 = madd(value, v128.load(weights), c0);
          c1 = madd(value, v128.load(weights, 16), c1);
          c2 = madd(value, v128.load(weights, 32), c2);
          c3 = madd(value, v128.load(weights, 48), c3);
          at += 4;
          weights += ROW;
        }
        from += panelBytes;
      }
      v128.store(to, f32x4.pmax(c0, lowest));
      v128.store(to, f32x4.pmax(c1, lowest), 16);
      v128.store(to, f32x4.pmax(c2, lowest), 32);
      v128.store(to, f32x4.pmax(c3, lowest), 48);
      to += ROW;
    }
  }
}

/**
 * dx[B,I] = dy[B,O] · wᵀ[O,I], the input panels first … last − 1: turns a panel of w over into `scratch` ([O][16]), then multiplies as forward does.
 * Where `rectified` is not 0, dx is 0 wherever it is.
 */
export function multiplyTransposed(
  dx: usize,
  dy: usize,
  w: usize,
  rectified: usize,
  scratch: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  first: i32,
  last: i32,
): void {
  const panelBytes = <usize>rows * ROW;
  for (let panel = first; panel < last; panel++) {
    transposePanel(scratch, w, panel * PANEL, inputs, outputs);
    const to = dx + panel * panelBytes;
    multiply(to, dy, scratch, 0, rows, outputs, 0, 1, -Infinity);
    if (rectified != 0) {
      const mask = rectified + panel * panelBytes;
      for (let i: usize = 0; i < panelBytes; i += 16) {
        const alive = f32x4.gt(v128.load(mask + i), f32x4.splat(0));
        v128.store(to + i, v128.and(v128.load(to + i), alive));
      }
    }
  }
}

/** t[O,16] = the rows firstRow … firstRow + 15 of w[I,O], turned over; zero beyond I. */
function transposePanel(t: usize, w: usize, firstRow: i32, inputs: i32, outputs: i32): void {
  const height = min(PANEL, inputs - firstRow);
  for (let output = 0; output < outputs; output++) {
    const column = w + <usize>(output / PANEL) * inputs * ROW + <usize>firstRow * ROW + (output % PANEL) * 4;
    for (let row = 0; row < PANEL; row++) {
      const value = row < height ? load<f32>(column + row * ROW) : <f32>0;
      store<f32>(t + output * ROW + row * 4, value);
    }
  }
}

/** dw[I,O] = xᵀ[I,B] · dy[B,O], the input panels first … last − 1. */
export function multiplyByTransposed(
  dw: usize,
  x: usize,
  dy: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  first: i32,
  last: i32,
): void {
  const panelBytes = <usize>rows * ROW;
  for (let panel = first; panel < last; panel++) {
    const height = min(PANEL, inputs - panel * PANEL);
    for (let output = 0; output * PANEL < outputs; output++) {
      const block = dw + <usize>(output * inputs + panel * PANEL) * ROW;
      for (let i = 0; i < height; i++) {
        let c0 = f32x4.splat(0);
        let c1 = c0;
        let c2 = c0;
        let c3 = c0;
        let from = x + panel * panelBytes + i * 4;
        let upstream = dy + output * panelBytes;
        for (let row = 0; row < rows; row++) {
          const value = v128.load32_splat(from);
          c0 = madd(value, v128.load(upstream), c0);
          c1 = madd(value, v128.load(upstream, 16), c1);
          c2 = madd(value, v128.load(upstream, 32), c2);
          c3 = madd(value, v128.load(upstream, 48), c3);
          from += ROW;
          upstream += ROW;
        }
        const to = block + i * ROW;
        v128.store(to, c0);
        v128.store(to, c1, 16);
        v128.store(to, c2, 32);
        v128.store(to, c3, 48);
      }
    }
  }
}

/** db[O] = the column sums of dy[B,O], the output panels first … last − 1. */
export function sumRows(db: usize, dy: usize, rows: i32, first: i32, last: i32): void {
  for (let panel = first; panel < last; panel++) {
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let from = dy + panel * (rows * ROW);
    for (let row = 0; row < rows; row++) {
      c0 = f32x4.add(c0, v128.load(from));
      c1 = f32x4.add(c1, v128.load(from, 16));
      c2 = f32x4.add(c2, v128.load(from, 32));
      c3 = f32x4.add(c3, v128.load(from, 48));
      from += ROW;
    }
    const to = db + panel * ROW;
    v128.store(to, c0);
    v128.store(to, c1, 16);
    v128.store(to, c2, 32);
    v128.store(to, c3, 48);
  }
}
