// Depthwise convolution: each channel by itself, or where there is a multiplier that many outputs of each channel.
import { firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { madd } from '../simd/lanes';
import { keepAlive, sumRows } from '../simd/gemm';
import { forwardRun, isSmall, weightRun } from './depthwiseRun';
import { Window, advance, corner, firstX, firstY, lastX, lastY, locate, nearlyWhole } from './window';

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
  /** 1 where weights are taken from the last to the first: so dy goes back through windows that lie side by side. */
  turned: i32;
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
function channelsAt(x: usize, output: i32, channels: i32, multiplier: i32, panelBytes: usize): v128 {
  let value = v128.load32_zero(x + placeOf(output, channels, multiplier, panelBytes));
  value = v128.load32_lane(x + placeOf(output + 1, channels, multiplier, panelBytes), value, 1);
  value = v128.load32_lane(x + placeOf(output + 2, channels, multiplier, panelBytes), value, 2);
  return v128.load32_lane(x + placeOf(output + 3, channels, multiplier, panelBytes), value, 3);
}

function addLane(x: usize, output: i32, channels: i32, multiplier: i32, panelBytes: usize, value: f32): void {
  const at = x + placeOf(output, channels, multiplier, panelBytes);
  store<f32>(at, load<f32>(at) + value);
}

/** From one tap's weights to the next one's. */
// @ts-ignore: decorator
@inline
function stepOf(r: Depthwise): usize {
  return !isDefined(FORWARD_ONLY) && r.turned ? -ROW : ROW;
}

/** Where a panel's weights begin. */
// @ts-ignore: decorator
@inline
function weightsOf(r: Depthwise, panel: i32): usize {
  const tap = !isDefined(FORWARD_ONLY) && r.turned ? r.taps - 1 : 0;
  return r.w + <usize>(panel * r.taps + tap) * ROW;
}

/** y[B,C · m] = max(floor, Σ over taps of x[B,C] · w[taps,C · m] + b[C · m]), shared out by samples. */
export function depthwiseForward(r: Depthwise): void {
  const g = r.window;
  const rows = rowsOf(r);
  const panelBytes = <usize>(rows / r.positions * g.height * g.width) * ROW;
  const lowest = f32x4.splat(r.floor);
  const m = r.multiplier;
  const panels = panelsOf(r.channels * m);
  const across = <usize>g.dilationX * ROW;
  const step: usize = stepOf(r);
  const end = lastRow(r);
  let run = 1;
  locate(g, firstRow(r));
  for (let row = firstRow(r); row < end; row += run) {
    run = !isDefined(FORWARD_ONLY) && isSmall(g, m) ? nearlyWhole(g) : 0;
    if (run > 0) {
      for (let panel = 0; panel < panels; panel++) {
        const x = r.x + <usize>panel * panelBytes;
        const y = r.y + <usize>(panel * rows + row) * ROW;
        const b = r.b ? r.b + <usize>panel * ROW : 0;
        for (let lane: usize = 0; lane < <usize>ROW; lane += 16) {
          forwardRun(g, y + lane, x + lane, weightsOf(r, panel) + lane, step, b + lane, run, r.floor);
        }
      }
      advance(g, run);
      continue;
    }
    run = 1;
    for (let panel = 0; panel < panels; panel++) {
      const output = panel * PANEL;
      const b = r.b ? r.b + panel * ROW : 0;
      const y = r.y + <usize>(panel * rows + row) * ROW;
      let c0 = v128.load(b);
      let c1 = v128.load(b, 16);
      let c2 = v128.load(b, 32);
      let c3 = v128.load(b, 48);
      for (let tapY = firstY; tapY < lastY; tapY++) {
        const line = corner + tapY * g.dilationY * g.width;
        let at = r.x + <usize>(line + firstX * g.dilationX) * ROW;
        let w = weightsOf(r, panel) + <usize>(tapY * g.kernelWidth + firstX) * step;
        if (m == 1) at += <usize>panel * panelBytes;
        let s0 = i32x4.splat(0);
        let s1 = s0;
        let s2 = s0;
        let s3 = s0;
        for (let left = lastX - firstX; left > 0; left--) {
          if (m == 1) {
            s0 = madd(v128.load(at), v128.load(w), s0);
            s1 = madd(v128.load(at, 16), v128.load(w, 16), s1);
            s2 = madd(v128.load(at, 32), v128.load(w, 32), s2);
            s3 = madd(v128.load(at, 48), v128.load(w, 48), s3);
          } else {
            s0 = madd(channelsAt(at, output, r.channels, m, panelBytes), v128.load(w), s0);
            s1 = madd(channelsAt(at, output + 4, r.channels, m, panelBytes), v128.load(w, 16), s1);
            s2 = madd(channelsAt(at, output + 8, r.channels, m, panelBytes), v128.load(w, 32), s2);
            s3 = madd(channelsAt(at, output + 12, r.channels, m, panelBytes), v128.load(w, 48), s3);
          }
          at += across;
          w += step;
        }
        c0 = f32x4.add(c0, s0);
        c1 = f32x4.add(c1, s1);
        c2 = f32x4.add(c2, s2);
        c3 = f32x4.add(c3, s3);
      }
      v128.store(y, f32x4.pmax(c0, lowest));
      v128.store(y, f32x4.pmax(c1, lowest), 16);
      v128.store(y, f32x4.pmax(c2, lowest), 32);
      v128.store(y, f32x4.pmax(c3, lowest), 48);
    }
    advance(g, 1);
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
  const across = <usize>g.dilationX * ROW;
  locate(g, first / r.positions * outs);
  for (let row = first / r.positions * outs; row < end; row++, advance(g, 1)) {
    for (let output = 0; output < r.channels * m; output += m == 1 ? PANEL : 4) {
      const panel = output / PANEL;
      const lane = <usize>(output % PANEL << 2);
      const up = r.dy + <usize>(panel * height + row) * ROW + lane;
      const dy = v128.load(up);
      for (let tapY = firstY; tapY < lastY; tapY++) {
        let at = r.dx + <usize>(corner + tapY * g.dilationY * g.width + firstX * g.dilationX) * ROW;
        let w = r.w + <usize>(panel * r.taps + tapY * g.kernelWidth + firstX) * ROW + lane;
        if (m == 1) {
          at += <usize>panel * panelBytes;
          for (const last = w + <usize>(lastX - firstX) * ROW; w < last; w += ROW) {
            v128.store(at, madd(dy, v128.load(w), v128.load(at)));
            v128.store(at, madd(v128.load(up, 16), v128.load(w, 16), v128.load(at, 16)), 16);
            v128.store(at, madd(v128.load(up, 32), v128.load(w, 32), v128.load(at, 32)), 32);
            v128.store(at, madd(v128.load(up, 48), v128.load(w, 48), v128.load(at, 48)), 48);
            at += across;
          }
          continue;
        }
        for (let tapX = firstX; tapX < lastX; tapX++) {
          const product = f32x4.mul(dy, v128.load(w));
          addLane(at, output, r.channels, m, panelBytes, f32x4.extract_lane(product, 0));
          addLane(at, output + 1, r.channels, m, panelBytes, f32x4.extract_lane(product, 1));
          addLane(at, output + 2, r.channels, m, panelBytes, f32x4.extract_lane(product, 2));
          addLane(at, output + 3, r.channels, m, panelBytes, f32x4.extract_lane(product, 3));
          at += across;
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
  const across = <usize>g.dilationX * ROW;
  for (let panel = firstUnit(panels), end = lastUnit(panels); panel < end; panel++) {
    const output = panel * PANEL;
    const dw = r.dw + <usize>(panel * r.taps) * ROW;
    memory.fill(dw, 0, <usize>r.taps * ROW);
    locate(g, 0);
    for (let row = 0, run = 0; row < rows; row += run) {
      const dy = r.dy + <usize>(panel * rows + row) * ROW;
      run = isSmall(g, m) ? nearlyWhole(g) : 0;
      if (run > 0) {
        for (let lane: usize = 0; lane < <usize>ROW; lane += 16) {
          weightRun(g, dw + lane, r.x + <usize>panel * panelBytes + lane, dy + lane, run);
        }
        advance(g, run);
        continue;
      }
      run = 1;
      const d0 = v128.load(dy);
      const d1 = v128.load(dy, 16);
      const d2 = v128.load(dy, 32);
      const d3 = v128.load(dy, 48);
      for (let tapY = firstY; tapY < lastY; tapY++) {
        let at = r.x + <usize>(corner + tapY * g.dilationY * g.width + firstX * g.dilationX) * ROW;
        let to = dw + <usize>(tapY * g.kernelWidth + firstX) * ROW;
        const last = to + <usize>(lastX - firstX) * ROW;
        if (m == 1) {
          for (at += panel * panelBytes; to < last; to += ROW) {
            v128.store(to, madd(v128.load(at), d0, v128.load(to)));
            v128.store(to, madd(v128.load(at, 16), d1, v128.load(to, 16)), 16);
            v128.store(to, madd(v128.load(at, 32), d2, v128.load(to, 32)), 32);
            v128.store(to, madd(v128.load(at, 48), d3, v128.load(to, 48)), 48);
            at += across;
          }
          continue;
        }
        for (; to < last; to += ROW) {
          v128.store(to, madd(channelsAt(at, output, r.channels, m, panelBytes), d0, v128.load(to)));
          v128.store(to, madd(channelsAt(at, output + 4, r.channels, m, panelBytes), d1, v128.load(to, 16)), 16);
          v128.store(to, madd(channelsAt(at, output + 8, r.channels, m, panelBytes), d2, v128.load(to, 32)), 32);
          v128.store(to, madd(channelsAt(at, output + 12, r.channels, m, panelBytes), d3, v128.load(to, 48)), 48);
          at += across;
        }
      }
      advance(g, 1);
    }
  }
  if (r.db) sumRows(r.db, r.dy, rows, firstUnit(panels), lastUnit(panels));
}
