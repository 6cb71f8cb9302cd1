// The three matrix products of training, over panels of 16 columns. Every output element sums its products in the order
// of the reduction, whatever tile it falls into, so a row's result has the same bits in every batch.
//
// Three things make them fast. A tile of 2 rows × 16 columns (4 × 16 where V8 packs neighbouring operations into 256
// bits) stays in registers for the whole reduction: eight independent sums hide the latency of an addition. The
// reduction goes in blocks that fit the first cache. And all three are the same tile: forward walks x across its rows;
// dW walks it down its columns, as convolutions walk around in patches of images, by places and runs; dX turns w over,
// a panel at a time, or, for few rows, dy, and multiplies w by it as if w were activations, which is how weights lie in
// memory.
//
// The first 64 bytes of every memory are 0: an address of 0 is a row of zeros.
import { PANEL, ROW } from '../plan';
import { ACROSS, COLUMNS, ONE_RUN } from './constants';
import { madd } from './lanes';

/** Steps of the reduction in a block of forward and dX: 24 KB of weights. */
const BLOCK: i32 = 384;
/** Rows in a block of dW: 12 KB of x and as much of dy. */
const STRIP: i32 = 192;
/** Rows up to which dX turns dy over rather than w. */
const FEW: i32 = 64;
/** Bytes of x that forward uses again while they are in the second cache. */
const NEAR: i32 = 512 * 1024;

/** What predicts alone sets no flags of the engine, for which tiles in pairs are. */
export const PAIRS = !isDefined(FORWARD_ONLY);

/** The tiles that products take: two rows, four in pairs, or four of few columns. The bits are the same. */
export const enum Tile {
  two,
  paired,
  few,
}

/** The tile for so many columns. */
// @ts-ignore: decorator
@inline
export function tileFor(columns: i32, paired: i32): Tile {
  return PAIRS && columns <= 8 ? Tile.few : paired;
}

// Markers, folded at compile time: the rows of a tile are its marker's size, and `walk` is how it reads x.
@unmanaged
class One {
  rows: u8;
}
@unmanaged
class Two {
  rows: u16;
}
@unmanaged
class Four {
  rows: u32;
}
/** Four rows × 8 columns, beyond which all is 0. */
@unmanaged
class Few {
  rows: u32;
  columns: u32;
}
@unmanaged
class Across {}
@unmanaged
class Around {
  around: bool;
}

// @ts-ignore: decorator
@inline
function heightOf<R>(): i32 {
  return min(<i32>offsetof<R>(), 4);
}

/**
 * y[R,16] = max(floor, from[R,16] + x[R,count] · w[count,16]), where `from` advances by `step` from row to row. Walking
 * Across, x lies in panels `stride` bytes apart. Walking Around, each row of the tile begins at `x` and the offset that
 * `places` has for it, and goes by `stride` from step to step, in runs: `runs` says of each how many steps they are at
 * most, behind how far it begins behind the one before it. The next is `forth` bytes on.
 *
 * The order of the statements is what V8's revectorising needs: operations in neighbouring pairs, all stores last. Each
 * turn of the loop takes one step of the reduction: with a second one V8 has its loads earlier than there are registers
 * for them and the tile's own places.
 */
// @ts-ignore: decorator
@inline
function tile<R, Walk>(
  y: usize,
  x: usize,
  stride: usize,
  w: usize,
  from: usize,
  step: usize,
  count: i32,
  floor: v128,
  places: usize,
  runs: usize,
  forth: usize,
): void {
  const rows = heightOf<R>();
  const whole = offsetof<R>() < 8;
  const across = offsetof<Walk>() == 0;
  const k: usize = across ? 4 : stride; // to the next step of the reduction
  const zero = i32x4.splat(0);
  let x1: usize = 0;
  let x2: usize = 0;
  let x3: usize = 0;
  if (!across) {
    if (rows > 1) x1 = x + load<u32>(places, 4);
    if (rows > 2) {
      x2 = x + load<u32>(places, 8);
      x3 = x + load<u32>(places, 12);
    }
    x += load<u32>(places);
  }
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c02 = whole ? v128.load(from, 32) : zero;
  let c03 = whole ? v128.load(from, 48) : zero;
  let c10 = zero;
  let c11 = zero;
  let c12 = zero;
  let c13 = zero;
  let c20 = zero;
  let c21 = zero;
  let c22 = zero;
  let c23 = zero;
  let c30 = zero;
  let c31 = zero;
  let c32 = zero;
  let c33 = zero;
  if (rows > 1) {
    from += step;
    c10 = v128.load(from);
    c11 = v128.load(from, 16);
    c12 = whole ? v128.load(from, 32) : zero;
    c13 = whole ? v128.load(from, 48) : zero;
  }
  if (rows > 2) {
    from += step;
    c20 = v128.load(from);
    c21 = v128.load(from, 16);
    c22 = whole ? v128.load(from, 32) : zero;
    c23 = whole ? v128.load(from, 48) : zero;
    from += step;
    c30 = v128.load(from);
    c31 = v128.load(from, 16);
    c32 = whole ? v128.load(from, 32) : zero;
    c33 = whole ? v128.load(from, 48) : zero;
  }
  do {
    const length = across ? PANEL : load<i32>(runs, 4);
    const last = x + <usize>(min(count, length) - 1) * k;
    while (true) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const w2 = whole ? v128.load(w, 32) : zero;
      const w3 = whole ? v128.load(w, 48) : zero;
      let a = v128.load32_splat(x);
      c00 = madd(a, w0, c00);
      c01 = madd(a, w1, c01);
      if (whole) {
        c02 = madd(a, w2, c02);
        c03 = madd(a, w3, c03);
      }
      if (rows > 1) {
        a = across ? v128.load32_splat(x, 64) : v128.load32_splat(x1);
        c10 = madd(a, w0, c10);
        c11 = madd(a, w1, c11);
        if (whole) {
          c12 = madd(a, w2, c12);
          c13 = madd(a, w3, c13);
        }
      }
      if (rows > 2) {
        a = across ? v128.load32_splat(x, 128) : v128.load32_splat(x2);
        c20 = madd(a, w0, c20);
        c21 = madd(a, w1, c21);
        if (whole) {
          c22 = madd(a, w2, c22);
          c23 = madd(a, w3, c23);
        }
        a = across ? v128.load32_splat(x, 192) : v128.load32_splat(x3);
        c30 = madd(a, w0, c30);
        c31 = madd(a, w1, c31);
        if (whole) {
          c32 = madd(a, w2, c32);
          c33 = madd(a, w3, c33);
        }
      }
      w += ROW;
      if (x == last) break;
      x += k;
      if (!across) {
        if (rows > 1) x1 += k;
        if (rows > 2) {
          x2 += k;
          x3 += k;
        }
      }
    }
    count -= length;
    if (count <= 0) break;
    if (across) x += stride - (ROW - 4);
    else {
      runs += forth;
      const jump = k + load<i32>(runs);
      x += jump;
      if (rows > 1) x1 += jump;
      if (rows > 2) {
        x2 += jump;
        x3 += jump;
      }
    }
  } while (true);
  c00 = f32x4.pmax(c00, floor);
  c01 = f32x4.pmax(c01, floor);
  c10 = f32x4.pmax(c10, floor);
  c11 = f32x4.pmax(c11, floor);
  c20 = f32x4.pmax(c20, floor);
  c21 = f32x4.pmax(c21, floor);
  c30 = f32x4.pmax(c30, floor);
  c31 = f32x4.pmax(c31, floor);
  if (whole) {
    c02 = f32x4.pmax(c02, floor);
    c03 = f32x4.pmax(c03, floor);
    c12 = f32x4.pmax(c12, floor);
    c13 = f32x4.pmax(c13, floor);
    c22 = f32x4.pmax(c22, floor);
    c23 = f32x4.pmax(c23, floor);
    c32 = f32x4.pmax(c32, floor);
    c33 = f32x4.pmax(c33, floor);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y, c02, 32);
  v128.store(y, c03, 48);
  if (rows > 1) {
    v128.store(y, c10, 64);
    v128.store(y, c11, 80);
    v128.store(y, c12, 96);
    v128.store(y, c13, 112);
  }
  if (rows > 2) {
    v128.store(y, c20, 128);
    v128.store(y, c21, 144);
    v128.store(y, c22, 160);
    v128.store(y, c23, 176);
    v128.store(y, c30, 192);
    v128.store(y, c31, 208);
    v128.store(y, c32, 224);
    v128.store(y, c33, 240);
  }
}

/**
 * y[rows,16] = max(floor, from[rows,16] + x · w[count,16]): tiles of R rows, then smaller ones for the rows left over.
 */
function sweep<R, Walk>(
  y: usize,
  x: usize,
  stride: usize,
  w: usize,
  from: usize,
  step: usize,
  rows: i32,
  count: i32,
  floor: f32,
  places: usize,
  runs: usize,
  forth: usize,
): void {
  const lowest = f32x4.splat(floor);
  for (; rows >= heightOf<R>(); rows -= heightOf<R>()) {
    tile<R, Walk>(y, x, stride, w, from, step, count, lowest, places, runs, forth);
    y += heightOf<R>() * ROW;
    if (offsetof<Walk>() == 0 || (!PAIRS && !forth)) x += heightOf<R>() * ROW;
    else places += heightOf<R>() << 2;
    from += <usize>heightOf<R>() * step;
  }
  if (rows == 0) return;
  if (heightOf<R>() == 2) tile<One, Walk>(y, x, stride, w, from, step, count, lowest, places, runs, forth);
  else sweep<Two, Walk>(y, x, stride, w, from, step, rows, count, floor, places, runs, forth);
}

/** The same by one tile or another: a function, as it is called from several places. */
function sweepBy<Walk>(
  tile: Tile,
  y: usize,
  x: usize,
  stride: usize,
  w: usize,
  from: usize,
  step: usize,
  rows: i32,
  count: i32,
  floor: f32,
  places: usize,
  runs: usize,
  forth: usize = 8,
): void {
  if (PAIRS && tile == Tile.few) {
    sweep<Few, Walk>(y, x, stride, w, from, step, rows, count, floor, places, runs, forth);
  } else if (PAIRS && tile == Tile.paired) {
    sweep<Four, Walk>(y, x, stride, w, from, step, rows, count, floor, places, runs, forth);
  } else {
    sweep<Two, Walk>(y, x, stride, w, from, step, rows, count, floor, places, runs, forth);
  }
}

/** Panels are runs too. What predicts takes them for such: as fast, and one tile less. */
// @ts-ignore: decorator
@inline
function sweepAcross(
  tile: Tile,
  y: usize,
  x: usize,
  stride: usize,
  w: usize,
  from: usize,
  step: usize,
  rows: i32,
  count: i32,
  floor: f32,
): void {
  if (PAIRS) sweepBy<Across>(tile, y, x, stride, w, from, step, rows, count, floor, 0, 0);
  else {
    store<i32>(ACROSS + 8, <i32>stride - ROW);
    sweepBy<Around>(tile, y, x, 4, w, from, step, rows, count, floor, ACROSS, ACROSS + 8, 0);
  }
}

/**
 * y[rows,16] = max(floor, x[rows,I] · w[I,16] + b[16]), block by block of the reduction; what y holds between blocks is
 * exact.
 */
function multiplyPanel(
  tile: Tile,
  y: usize,
  x: usize,
  stride: usize,
  w: usize,
  b: usize,
  rows: i32,
  inputs: i32,
  floor: f32,
): void {
  let from = b;
  let step: usize = 0;
  while (inputs > BLOCK) {
    sweepAcross(tile, y, x, stride, w, from, step, rows, BLOCK, -Infinity);
    x += <usize>(BLOCK / PANEL) * stride;
    w += BLOCK * ROW;
    from = y;
    step = ROW;
    inputs -= BLOCK;
  }
  sweepAcross(tile, y, x, stride, w, from, step, rows, inputs, floor);
}

/**
 * y[rows,O] = max(floor, from[rows,O] + x[rows,count] · w[count,O]), where each row of x lies at its own place, goes by
 * `stride`, and has its numbers in runs. `yHeight`, `wHeight` and `fromHeight` are the rows of panels, which `from` goes
 * through by `step`.
 */
export function multiplyAround(
  y: usize,
  yHeight: i32,
  x: usize,
  stride: usize,
  w: usize,
  wHeight: i32,
  from: usize,
  fromHeight: i32,
  step: usize,
  rows: i32,
  count: i32,
  outputs: i32,
  floor: f32,
  tile: Tile,
  places: usize,
  runs: usize,
): void {
  for (let output = 0; output < outputs; output += PANEL) {
    sweepBy<Around>(tile, y, x, stride, w, from, step, rows, count, floor, places, runs);
    y += <usize>yHeight * ROW;
    w += <usize>wHeight * ROW;
    from += <usize>fromHeight * ROW;
  }
}

/**
 * y[O] = max(floor, x[I] · w[I,O] + b[O]) for two panels at once, so that one row too has eight sums to hide the
 * latency behind.
 */
function multiplyRow(y: usize, x: usize, w: usize, b: usize, second: usize, inputs: i32, floor: f32): void {
  const lowest = f32x4.splat(floor);
  let v = w + <usize>inputs * ROW;
  let c0 = v128.load(b);
  let c1 = v128.load(b, 16);
  let c2 = v128.load(b, 32);
  let c3 = v128.load(b, 48);
  let d0 = v128.load(second);
  let d1 = v128.load(second, 16);
  let d2 = v128.load(second, 32);
  let d3 = v128.load(second, 48);
  const last = x + (<usize>(inputs - 1) << 2);
  let a = v128.load32_splat(x);
  while (true) {
    c0 = madd(a, v128.load(w), c0);
    c1 = madd(a, v128.load(w, 16), c1);
    c2 = madd(a, v128.load(w, 32), c2);
    c3 = madd(a, v128.load(w, 48), c3);
    if (x == last) break; // the way out is in the middle for the reason given at `tile`
    d0 = madd(a, v128.load(v), d0);
    d1 = madd(a, v128.load(v, 16), d1);
    d2 = madd(a, v128.load(v, 32), d2);
    d3 = madd(a, v128.load(v, 48), d3);
    x += 4;
    w += ROW;
    v += ROW;
    a = v128.load32_splat(x);
  }
  d0 = madd(a, v128.load(v), d0);
  d1 = madd(a, v128.load(v, 16), d1);
  d2 = madd(a, v128.load(v, 32), d2);
  d3 = madd(a, v128.load(v, 48), d3);
  c0 = f32x4.pmax(c0, lowest);
  c1 = f32x4.pmax(c1, lowest);
  c2 = f32x4.pmax(c2, lowest);
  c3 = f32x4.pmax(c3, lowest);
  d0 = f32x4.pmax(d0, lowest);
  d1 = f32x4.pmax(d1, lowest);
  d2 = f32x4.pmax(d2, lowest);
  d3 = f32x4.pmax(d3, lowest);
  v128.store(y, c0);
  v128.store(y, c1, 16);
  v128.store(y, c2, 32);
  v128.store(y, c3, 48);
  v128.store(y, d0, 64);
  v128.store(y, d1, 80);
  v128.store(y, d2, 96);
  v128.store(y, d3, 112);
}

/**
 * y[B,O] = max(floor, x[B,I] · w[I,O] + b[O]), the output panels first … last − 1, for `rows` rows of panels that are
 * `height` high, and those of y `yHeight`; x and y are the first of those rows. A bias of 0 means none.
 */
export function multiply(
  y: usize,
  yHeight: i32,
  x: usize,
  w: usize,
  b: usize,
  rows: i32,
  height: i32,
  inputs: i32,
  first: i32,
  last: i32,
  floor: f32,
  tile: Tile,
): void {
  const stride = <usize>height * ROW;
  const panelOfY = <usize>yHeight * ROW;
  const panelOfW = <usize>inputs * ROW;
  const biasStep: usize = b == 0 ? 0 : ROW;
  y += <usize>first * panelOfY;
  w += <usize>first * panelOfW;
  b += <usize>first * biasStep;
  if (height == 1 && yHeight == 1) {
    for (; first + 2 <= last; first += 2) {
      multiplyRow(y, x, w, b, b + biasStep, inputs, floor);
      y += 2 * ROW;
      w += 2 * panelOfW;
      b += 2 * biasStep;
    }
  }
  const strip = max(PANEL, (NEAR / (inputs << 2)) & -PANEL);
  for (let row = 0; row < rows; row += strip) {
    const skip = <usize>row * ROW;
    for (let panel: usize = 0; panel < <usize>(last - first); panel++) {
      multiplyPanel(
        tile,
        y + panel * panelOfY + skip,
        x + skip,
        stride,
        w + panel * panelOfW,
        b + panel * biasStep,
        min(strip, rows - row),
        inputs,
        floor,
      );
    }
  }
}

/** Four rows of t, `ROW` bytes apart = four rows turned over; 0 where `alive`, unless it is 0, is not positive. */
// @ts-ignore: decorator
@inline
function turnFour(t: usize, row0: usize, row1: usize, row2: usize, row3: usize, alive: usize): void {
  const r0 = v128.load(row0);
  const r1 = v128.load(row1);
  const r2 = v128.load(row2);
  const r3 = v128.load(row3);
  const even = v128.shuffle<i32>(r0, r2, 0, 4, 1, 5);
  const odd = v128.shuffle<i32>(r1, r3, 0, 4, 1, 5);
  const evenHigh = v128.shuffle<i32>(r0, r2, 2, 6, 3, 7);
  const oddHigh = v128.shuffle<i32>(r1, r3, 2, 6, 3, 7);
  let t0 = v128.shuffle<i32>(even, odd, 0, 4, 1, 5);
  let t1 = v128.shuffle<i32>(even, odd, 2, 6, 3, 7);
  let t2 = v128.shuffle<i32>(evenHigh, oddHigh, 0, 4, 1, 5);
  let t3 = v128.shuffle<i32>(evenHigh, oddHigh, 2, 6, 3, 7);
  if (alive != 0) {
    const zero = i32x4.splat(0);
    t0 = v128.and(t0, f32x4.gt(v128.load(alive), zero));
    t1 = v128.and(t1, f32x4.gt(v128.load(alive, 64), zero));
    t2 = v128.and(t2, f32x4.gt(v128.load(alive, 128), zero));
    t3 = v128.and(t3, f32x4.gt(v128.load(alive, 192), zero));
  }
  v128.store(t, t0);
  v128.store(t, t1, 64);
  v128.store(t, t2, 128);
  v128.store(t, t3, 192);
}

/**
 * t[columns,16] = x[height,columns] turned over: 0 beyond x's height, and where `alive`, unless it is 0, is not
 * positive.
 */
export function turn(t: usize, x: usize, stride: usize, alive: usize, height: i32, columns: i32): void {
  const aliveStep: usize = alive == 0 ? 0 : 16;
  for (let column = 0; column < columns; column += 4) {
    let from = x + <usize>(column / PANEL) * stride + (<usize>(column % PANEL) << 2);
    for (let row = 0; row < PANEL; row += 4) {
      if (row + 4 <= height) {
        turnFour(t, from, from + ROW, from + 2 * ROW, from + 3 * ROW, alive);
      } else {
        const row0 = row < height ? from : 0;
        const row1 = row + 1 < height ? from + ROW : 0;
        const row2 = row + 2 < height ? from + 2 * ROW : 0;
        turnFour(t, row0, row1, row2, 0, alive);
      }
      from += 4 * ROW;
      t += 16;
      alive += aliveStep;
    }
    t += 3 * ROW;
    alive += 12 * aliveStep;
  }
}

/**
 * dx[B,I] = dy[B,O] · wᵀ[O,I], the input panels first … last − 1. Where `rectified` is not 0, dx is 0 wherever it is
 * not positive. `scratch` is 1 KB, and 1 KB more for every output panel.
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
  paired: i32,
): void {
  const stride = <usize>rows * ROW;
  const panelOfW = <usize>inputs * ROW;
  const turned = scratch + PANEL * ROW;
  // Turning dy and dx over costs by the row, turning w over by the output; and w is read once for each panel of rows.
  const whole = rows <= FEW && 2 * rows <= outputs ? rows & -PANEL : 0;
  for (let row = 0; row < whole; row += PANEL) {
    // dxᵀ[I,16] = w[I,O] · dyᵀ[O,16]
    const skip = <usize>row * ROW;
    turn(turned, dy + skip, stride, 0, PANEL, outputs);
    for (let panel = first; panel < last; panel++) {
      const height = min(PANEL, inputs - panel * PANEL);
      multiplyPanel(paired, scratch, w + <usize>(panel * PANEL) * ROW, panelOfW, turned, 0, height, outputs, -Infinity);
      const block = <usize>panel * stride + skip;
      turn(dx + block, scratch, 0, rectified == 0 ? 0 : rectified + block, height, PANEL);
    }
  }
  if (whole == rows) return;
  const skip = <usize>whole * ROW;
  for (let panel = first; panel < last; panel++) {
    // dx[B,16] = dy[B,O] · wᵀ[O,16]
    turn(turned, w + <usize>(panel * PANEL) * ROW, panelOfW, 0, min(PANEL, inputs - panel * PANEL), outputs);
    const block = <usize>panel * stride + skip;
    multiplyPanel(tileFor(inputs, paired), dx + block, dy + skip, stride, turned, 0, rows - whole, outputs, -Infinity);
    if (rectified != 0) keepAlive(dx + block, rectified + block, stride - skip);
  }
}

/** dx = 0 wherever x is not positive, over `bytes`. What is no number comes through: x may be dx, a rectifier's own. */
export function keepAlive(dx: usize, x: usize, bytes: usize): void {
  const zero = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(dx + i, v128.andnot(v128.load(dx + i), f32x4.le(v128.load(x + i), zero)));
  }
}

/** dw[rows,16] = xᵀ[rows] · dy[16] of one sample, bound by storing dw. 0 is added as a tile does: it makes −0 a 0. */
function multiplyOnce(dw: usize, x: usize, dy: usize, rows: i32): void {
  const zero = i32x4.splat(0);
  const d0 = v128.load(dy);
  const d1 = v128.load(dy, 16);
  const d2 = v128.load(dy, 32);
  const d3 = v128.load(dy, 48);
  for (; rows > 0; rows--) {
    const a = v128.load32_splat(x);
    const c0 = f32x4.add(f32x4.mul(a, d0), zero);
    const c1 = f32x4.add(f32x4.mul(a, d1), zero);
    const c2 = f32x4.add(f32x4.mul(a, d2), zero);
    const c3 = f32x4.add(f32x4.mul(a, d3), zero);
    v128.store(dw, c0);
    v128.store(dw, c1, 16);
    v128.store(dw, c2, 32);
    v128.store(dw, c3, 48);
    x += 4;
    dw += ROW;
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
  paired: i32,
): void {
  const stride = <usize>rows * ROW;
  for (let panel = first; panel < last; panel++) {
    const height = min(PANEL, inputs - panel * PANEL);
    for (let row = 0; row < rows; row += STRIP) {
      const skip = <usize>row * ROW;
      const from = x + <usize>panel * stride + skip;
      const block = dw + <usize>(panel * PANEL) * ROW;
      if (rows > 1) {
        const count = min(STRIP, rows - row);
        multiplyStrip(block, from, dy + skip, rows, count, height, inputs, outputs, row == 0, paired);
        continue;
      }
      for (let output = 0; output < outputs; output += PANEL) {
        multiplyOnce(block + <usize>(output / PANEL * inputs) * ROW, from, dy + <usize>(output / PANEL) * ROW, height);
      }
    }
  }
}

/**
 * Rows of dw[I,O], those of one panel of x: = or += xᵀ[height,count] · dy[count,O], of `count` rows of dy, whose panels
 * are `rows` high.
 */
export function multiplyStrip(
  dw: usize,
  x: usize,
  dy: usize,
  rows: i32,
  count: i32,
  height: i32,
  inputs: i32,
  outputs: i32,
  isFirst: bool,
  paired: i32,
): void {
  multiplyDown(dw, x, ROW, dy, rows, count, height, inputs, outputs, isFirst, paired, COLUMNS, ONE_RUN);
}

/** The same where each row of xᵀ lies at its own place and goes by `stride`, in runs. */
export function multiplyDown(
  dw: usize,
  x: usize,
  stride: usize,
  dy: usize,
  rows: i32,
  count: i32,
  height: i32,
  inputs: i32,
  outputs: i32,
  isFirst: bool,
  paired: i32,
  places: usize,
  runs: usize,
): void {
  const from: usize = isFirst ? 0 : dw;
  const next = isFirst ? 0 : inputs;
  const step: usize = isFirst ? 0 : ROW;
  const tile = tileFor(outputs, paired);
  multiplyAround(
    dw, inputs, x, stride, dy, rows, from, next, step, height, count, outputs, -Infinity, tile, places, runs,
  );
}

/** db[O] = the column sums of dy[B,O], the output panels first … last − 1. */
export function sumRows(db: usize, dy: usize, rows: i32, first: i32, last: i32): void {
  const stride = <usize>rows * ROW;
  for (let panel = <usize>first; panel < <usize>last; panel++) {
    let c0 = i32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let from = dy + panel * stride;
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
