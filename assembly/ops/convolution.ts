// Convolutions by the matrix products of the fully connected layer. What the windows of a strip of outputs read is laid
// side by side into a matrix of taps × channels columns: y = that · w, dw = thatᵀ · dy; and dx is dy · wᵀ added up
// where it was read. A transposed convolution is the same with x and y changing places.
import { firstRow, firstUnit, lastRow, lastUnit, panelsOf, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { keepAlive, multiplyApart, multiplyStrip, sumRows, turn } from '../simd/gemm';
import { Window, findRows } from './window';

@unmanaged
export class Convolution extends Op {
  y: usize;
  x: usize;
  w: usize;
  /** 0 where nothing is added. */
  b: usize;
  window: Window;
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  channels: i32;
  outputs: i32;
  /** Outputs in a strip. */
  strip: i32;
  /** Numbers that a window reads of each channel. */
  taps: i32;
  /** The smallest output, as in `DenseForward`. */
  floor: f32;
  paired: i32;
}

@unmanaged
export class ConvolutionInput extends Op {
  dx: usize;
  dy: usize;
  w: usize;
  /** What dx begins at, for each channel; 0 for zeros. */
  b: usize;
  /** The rectified outputs that x is, whose zeros stop the gradient; or 0. */
  rectified: usize;
  window: Window;
  scratch: usize;
  scratchBytes: i32;
  channels: i32;
  outputs: i32;
  strip: i32;
  taps: i32;
  paired: i32;
}

@unmanaged
export class ConvolutionWeights extends Op {
  dw: usize;
  /** 0 where the layer has no bias. */
  db: usize;
  x: usize;
  dy: usize;
  window: Window;
  scratch: usize;
  scratchBytes: i32;
  channels: i32;
  outputs: i32;
  strip: i32;
  taps: i32;
  /** 1 where the bias is of x, as a transposed convolution's is; 0 where it is of y. */
  transposed: i32;
  paired: i32;
}

@unmanaged
export class GroupWeights extends Op {
  to: usize;
  from: usize;
  taps: i32;
  channels: i32;
  outputs: i32;
  groups: i32;
  /** 1 where weights between groups are taken out, 0 where they are put in as zeros. */
  back: i32;
}

// Markers, folded at compile time: how many numbers are moved at once.
@unmanaged
class Single {
  numbers: f32;
}
@unmanaged
class Quad {
  numbers: v128;
}

/** Numbers of an image to where they lie in a strip, 0 for those outside of it; where it `adds`, back to the image. */
function move<N>(strip: usize, image: usize, list: usize, count: i32, adds: bool): void {
  const isQuad = offsetof<N>() == 16;
  for (const end = list + (<usize>count << 2); list < end; list += 4) {
    const row = load<i32>(list);
    const at = image + <usize>row * ROW;
    if (adds) {
      if (row >= 0) {
        if (isQuad) v128.store(at, f32x4.add(v128.load(at), v128.load(strip)));
        else store<f32>(at, load<f32>(at) + load<f32>(strip));
      }
    } else if (isQuad) v128.store(strip, row < 0 ? f32x4.splat(0) : v128.load(at));
    else store<f32>(strip, row < 0 ? 0 : load<f32>(at));
    strip += ROW;
  }
}

/**
 * Between an image's panels, `height` high, and columns `from … to − 1` of a strip of `count` outputs from row `first`
 * on, whose panels are `strip` high. `list` has room for as many numbers as outputs.
 */
function unfold(
  matrix: usize,
  strip: i32,
  image: usize,
  height: i32,
  list: usize,
  g: Window,
  channels: i32,
  first: i32,
  count: i32,
  from: i32,
  to: i32,
  adds: bool,
): void {
  const isQuad = channels % 4 == 0;
  const step = isQuad ? 4 : 1;
  for (let tap = from / channels; tap * channels < to; tap++) {
    findRows(list, g, tap, first, count);
    const start = tap * channels;
    const end = min(channels, to - start);
    for (let channel = max(0, from - start); channel < end; channel += step) {
      const column = start + channel - from;
      const inMatrix = matrix + <usize>(column / PANEL * strip) * ROW + (column % PANEL << 2);
      const inImage = image + <usize>(channel / PANEL * height) * ROW + (channel % PANEL << 2);
      if (isQuad) move<Quad>(inMatrix, inImage, list, count, adds);
      else move<Single>(inMatrix, inImage, list, count, adds);
    }
  }
}

/** y[B,O] = max(floor, what its windows read of x[B,C] · w[taps · C,O] + b[O]), shared out by samples. */
export function convolutionForward(r: Convolution): void {
  const g = r.window;
  const rows = rowsOf(r);
  const height = rows / r.positions * g.height * g.width;
  const inputs = r.taps * r.channels;
  const list = r.scratch + partNumber() * r.scratchBytes;
  const matrix = list + (<usize>r.strip << 2);
  const panels = panelsOf(r.outputs);
  for (let row = firstRow(r), end = lastRow(r); row < end; row += r.strip) {
    const count = min(r.strip, end - row);
    unfold(matrix, r.strip, r.x, height, list, g, r.channels, row, count, 0, inputs, false);
    const y = r.y + <usize>row * ROW;
    multiplyApart(y, rows, matrix, r.w, r.b, count, r.strip, inputs, 0, panels, r.floor, r.paired != 0);
  }
}

/**
 * dx[B,C] = b[C] + the shares of dy[B,O] · wᵀ that its windows read there, and 0 where `rectified` is; shared out by
 * samples. The record's positions are those of dx.
 */
export function convolutionInputGradient(r: ConvolutionInput): void {
  const g = r.window;
  const rows = rowsOf(r);
  const outs = g.outHeight * g.outWidth;
  const height = rows / r.positions * outs;
  const inputs = r.taps * r.channels;
  const panels = panelsOf(inputs);
  const list = r.scratch + partNumber() * r.scratchBytes;
  const matrix = list + (<usize>r.strip << 2);
  const turned = matrix + <usize>(panels * r.strip) * ROW;
  for (let panel = 0; panel < panels; panel++) {
    const w = r.w + <usize>(panel * PANEL) * ROW;
    const left = min(PANEL, inputs - panel * PANEL);
    turn(turned + <usize>(panel * r.outputs) * ROW, w, <usize>inputs * ROW, 0, left, r.outputs);
  }
  const first = firstRow(r);
  const bytes = <usize>(lastRow(r) - first) * ROW;
  for (let panel = 0; panel < panelsOf(r.channels); panel++) {
    const dx = r.dx + <usize>(panel * rows + first) * ROW;
    if (!r.b) memory.fill(dx, 0, bytes);
    else for (let at: usize = 0; at < bytes; at += ROW) memory.copy(dx + at, r.b + panel * ROW, ROW);
  }
  const end = lastRow(r) / r.positions * outs;
  // A sample's strips are the same whoever has it, and so is the order in which they are added up.
  const together = max(1, r.strip / outs) * outs;
  for (let start = first / r.positions * outs; start < end; start += together) {
    const stop = min(end, start + together);
    for (let row = start; row < stop; row += r.strip) {
      const count = min(r.strip, stop - row);
      const dy = r.dy + <usize>row * ROW;
      multiplyApart(matrix, r.strip, dy, turned, 0, count, height, r.outputs, 0, panels, -Infinity, r.paired != 0);
      unfold(matrix, r.strip, r.dx, rows, list, g, r.channels, row, count, 0, inputs, true);
    }
  }
  if (!r.rectified) return;
  for (let panel = 0; panel < panelsOf(r.channels); panel++) {
    const shift = <usize>(panel * rows + first) * ROW;
    keepAlive(r.dx + shift, r.rectified + shift, bytes);
  }
}

/**
 * dw[taps · C,O] = what windows read of x[B,C], turned over, · dy[B,O], and db = Σ dy (or Σ x);
 * shared out by panels of w's inputs.
 */
export function convolutionWeightGradient(r: ConvolutionWeights): void {
  const g = r.window;
  const rows = rowsOf(r);
  const height = rows / r.positions * g.height * g.width;
  const inputs = r.taps * r.channels;
  const list = r.scratch + partNumber() * r.scratchBytes;
  const matrix = list + (<usize>r.strip << 2);
  for (let panel = firstUnit(panelsOf(inputs)), last = lastUnit(panelsOf(inputs)); panel < last; panel++) {
    const from = panel * PANEL;
    const to = min(inputs, from + PANEL);
    for (let row = 0; row < rows; row += r.strip) {
      const count = min(r.strip, rows - row);
      unfold(matrix, r.strip, r.x, height, list, g, r.channels, row, count, from, to, false);
      const dw = r.dw + <usize>from * ROW;
      const dy = r.dy + <usize>row * ROW;
      multiplyStrip(dw, matrix, dy, rows, count, to - from, inputs, r.outputs, row == 0, r.paired != 0);
    }
  }
  if (!r.db) return;
  const panels = panelsOf(r.transposed ? r.channels : r.outputs);
  const summed = r.transposed ? r.x : r.dy;
  sumRows(r.db, summed, r.transposed ? height : rows, firstUnit(panels), lastUnit(panels));
}

/**
 * Between the weights of a convolution in groups, [taps · C / groups,O], and those of one without, [taps · C,O], which
 * are 0 from one group to another; shared out by panels.
 */
export function groupWeights(r: GroupWeights): void {
  const inGroup = r.channels / r.groups;
  const outGroup = r.outputs / r.groups;
  const height = r.taps * (r.back ? inGroup : r.channels);
  const other = r.taps * (r.back ? r.channels : inGroup);
  for (let panel = firstUnit(panelsOf(r.outputs)), last = lastUnit(panelsOf(r.outputs)); panel < last; panel++) {
    const to = r.to + <usize>(panel * height) * ROW;
    memory.fill(to, 0, <usize>height * ROW);
    const from = r.from + <usize>(panel * other) * ROW;
    for (let column = panel * PANEL, end = min(r.outputs, column + PANEL); column < end; column++) {
      const group = column / outGroup;
      const lane = <usize>(column % PANEL << 2);
      for (let tap = 0; tap < r.taps; tap++) {
        const whole = <usize>(tap * r.channels + group * inGroup) * ROW + lane;
        const own = <usize>(tap * inGroup) * ROW + lane;
        for (let channel: usize = 0; channel < <usize>inGroup; channel++) {
          const at = channel * ROW;
          if (r.back) store<f32>(to + own + at, load<f32>(from + whole + at));
          else store<f32>(to + whole + at, load<f32>(from + own + at));
        }
      }
    }
  }
}
