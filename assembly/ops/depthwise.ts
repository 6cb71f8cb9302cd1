// Depthwise convolution: each channel by itself, or where there is a multiplier that many outputs of each channel.
import { firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { madd } from '../simd/lanes';
import { keepAlive, sumRows } from '../simd/gemm';
import { Window, corner, firstX, firstY, lastX, lastY, locate } from './window';

@unmanaged
export class Depthwise extends Op {
  y: usize;
  x: usize;
  w: usize;
  b: usize;
  window: Window;
  channels: i32;
  multiplier: i32;
  taps: i32;
  floor: f32;
}

@unmanaged
export class DepthwiseInputGradient extends Op {
  dx: usize;
  dy: usize;
  w: usize;
  rectified: usize;
  window: Window;
  channels: i32;
  multiplier: i32;
  taps: i32;
}

@unmanaged
export class DepthwiseWeightGradient extends Op {
  dw: usize;
  db: usize;
  x: usize;
  dy: usize;
  window: Window;
  channels: i32;
  multiplier: i32;
  taps: i32;
}

/** The channel that an output is of; the padding's is the last. */
// @ts-ignore: decorator
@inline
function channelOf(output: i32, channels: i32, multiplier: i32): i32 {
  return min(output / multiplier, channels - 1);
}

/** Where that channel lies from a row's first panel on. */
// @ts-ignore: decorator
@inline
function placeOf(output: i32, channels: i32, multiplier: i32, panelBytes: usize): usize {
  const channel = channelOf(output, channels, multiplier);
  return <usize>(channel / PANEL) * panelBytes + (channel % PANEL << 2);
}

/** The channels that outputs `output … output + 3` are of. */
// @ts-ignore: decorator
@inline
function channelsAt(x: usize, output: i32, channels: i32, multiplier: i32, panelBytes: usize): v128 {
  if (multiplier == 1) return v128.load(x + <usize>(output / PANEL) * panelBytes + (output % PANEL << 2));
  let value = v128.load32_zero(x + placeOf(output, channels, multiplier, panelBytes));
  value = v128.load32_lane(x + placeOf(output + 1, channels, multiplier, panelBytes), value, 1);
  value = v128.load32_lane(x + placeOf(output + 2, channels, multiplier, panelBytes), value, 2);
  return v128.load32_lane(x + placeOf(output + 3, channels, multiplier, panelBytes), value, 3);
}

// @ts-ignore: decorator
@inline
function addLane(x: usize, output: i32, channels: i32, multiplier: i32, panelBytes: usize, value: f32): void {
  const at = x + placeOf(output, channels, multiplier, panelBytes);
  store<f32>(at, load<f32>(at) + value);
}

/** y[B,C · m] = max(floor, Σ over taps of x[B,C] · w[taps,C · m] + b[C · m]), shared out by samples. */
export function depthwiseForward(r: Depthwise): void {
  const g = r.window;
  const rows = rowsOf(r);
  const panelBytes = <usize>(rows / r.positions * g.height * g.width) * ROW;
  const lowest = f32x4.splat(r.floor);
  const m = r.multiplier;
  const panels = panelsOf(r.channels * m);
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    locate(g, row);
    for (let panel = 0; panel < panels; panel++) {
      const output = panel * PANEL;
      const b = r.b ? r.b + panel * ROW : 0;
      const y = r.y + <usize>(panel * rows + row) * ROW;
      let c0 = v128.load(b);
      let c1 = v128.load(b, 16);
      let c2 = v128.load(b, 32);
      let c3 = v128.load(b, 48);
      for (let tapY = firstY; tapY < lastY; tapY++) {
        let at = r.x + <usize>(corner + tapY * g.dilationY * g.width + firstX * g.dilationX) * ROW;
        let w = r.w + <usize>(panel * r.taps + tapY * g.kernelWidth + firstX) * ROW;
        for (let tapX = firstX; tapX < lastX; tapX++) {
          c0 = madd(channelsAt(at, output, r.channels, m, panelBytes), v128.load(w), c0);
          c1 = madd(channelsAt(at, output + 4, r.channels, m, panelBytes), v128.load(w, 16), c1);
          c2 = madd(channelsAt(at, output + 8, r.channels, m, panelBytes), v128.load(w, 32), c2);
          c3 = madd(channelsAt(at, output + 12, r.channels, m, panelBytes), v128.load(w, 48), c3);
          at += g.dilationX * ROW;
          w += ROW;
        }
      }
      v128.store(y, f32x4.pmax(c0, lowest));
      v128.store(y, f32x4.pmax(c1, lowest), 16);
      v128.store(y, f32x4.pmax(c2, lowest), 32);
      v128.store(y, f32x4.pmax(c3, lowest), 48);
    }
  }
}

/**
 * dx[B,C] = Σ of dy · w over the windows that read there, and 0 where `rectified` is; the record's positions are dx's.
 */
export function depthwiseInputGradient(r: DepthwiseInputGradient): void {
  const g = r.window;
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const outs = g.outHeight * g.outWidth;
  const height = rows / r.positions * outs;
  const m = r.multiplier;
  const first = firstRow(r);
  const bytes = <usize>(lastRow(r) - first) * ROW;
  for (let panel = 0; panel < panelsOf(r.channels); panel++) {
    memory.fill(r.dx + <usize>panel * panelBytes + <usize>first * ROW, 0, bytes);
  }
  const end = lastRow(r) / r.positions * outs;
  for (let row = first / r.positions * outs; row < end; row++) {
    locate(g, row);
    for (let output = 0; output < r.channels * m; output += 4) {
      const panel = output / PANEL;
      const lane = <usize>(output % PANEL << 2);
      const dy = v128.load(r.dy + <usize>(panel * height + row) * ROW + lane);
      for (let tapY = firstY; tapY < lastY; tapY++) {
        let at = r.dx + <usize>(corner + tapY * g.dilationY * g.width + firstX * g.dilationX) * ROW;
        let w = r.w + <usize>(panel * r.taps + tapY * g.kernelWidth + firstX) * ROW + lane;
        for (let tapX = firstX; tapX < lastX; tapX++) {
          const value = v128.load(w);
          if (m == 1) {
            const dx = at + <usize>panel * panelBytes + lane;
            v128.store(dx, madd(dy, value, v128.load(dx)));
          } else {
            const product = f32x4.mul(dy, value);
            addLane(at, output, r.channels, m, panelBytes, f32x4.extract_lane(product, 0));
            addLane(at, output + 1, r.channels, m, panelBytes, f32x4.extract_lane(product, 1));
            addLane(at, output + 2, r.channels, m, panelBytes, f32x4.extract_lane(product, 2));
            addLane(at, output + 3, r.channels, m, panelBytes, f32x4.extract_lane(product, 3));
          }
          at += g.dilationX * ROW;
          w += ROW;
        }
      }
    }
  }
  if (!r.rectified) return;
  for (let panel = 0; panel < panelsOf(r.channels); panel++) {
    const shift = <usize>panel * panelBytes + <usize>first * ROW;
    keepAlive(r.dx + shift, r.rectified + shift, bytes);
  }
}


/** dw[taps,C · m] = Σ x · dy over what windows read, and db = Σ dy; shared out by panels of outputs. */
export function depthwiseWeightGradient(r: DepthwiseWeightGradient): void {
  const g = r.window;
  const rows = rowsOf(r);
  const panelBytes = <usize>(rows / r.positions * g.height * g.width) * ROW;
  const m = r.multiplier;
  const panels = panelsOf(r.channels * m);
  for (let output = firstUnit(panels) * PANEL, end = lastUnit(panels) * PANEL; output < end; output += 4) {
    const dw = r.dw + <usize>(output / PANEL * r.taps) * ROW + (output % PANEL << 2);
    const dy = r.dy + <usize>(output / PANEL * rows) * ROW + (output % PANEL << 2);
    for (let tap = 0; tap < r.taps; tap++) v128.store(dw + tap * ROW, f32x4.splat(0));
    for (let row = 0; row < rows; row++) {
      locate(g, row);
      const upstream = v128.load(dy + <usize>row * ROW);
      for (let tapY = firstY; tapY < lastY; tapY++) {
        let at = r.x + <usize>(corner + tapY * g.dilationY * g.width + firstX * g.dilationX) * ROW;
        let to = dw + <usize>(tapY * g.kernelWidth + firstX) * ROW;
        for (let tapX = firstX; tapX < lastX; tapX++) {
          v128.store(to, madd(channelsAt(at, output, r.channels, m, panelBytes), upstream, v128.load(to)));
          at += g.dilationX * ROW;
          to += ROW;
        }
      }
    }
  }
  if (r.db) sumRows(r.db, r.dy, rows, firstUnit(panels), lastUnit(panels));
}
