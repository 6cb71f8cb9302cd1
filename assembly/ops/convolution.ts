// Convolutions by the tiles of matrix products. What the windows of a strip of outputs read is copied into a patch with
// borders, where products find a window's taps × channels numbers in runs: y = these · w, dw = theseᵀ · dy. dx is a
// convolution of dy by w turned around, or, with strides, dy · wᵀ added up where it was read. A transposed convolution
// is the same with x and y changing places.
import { GradientWay } from '../../src/plan/opcodes';
import { firstOf, firstRow, firstUnit, lastOf, lastRow, lastUnit, panelsOf, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { keepAlive, multiply, multiplyAround, multiplyDown, sumRows, tileFor, turn } from '../simd/gemm';
import {
  Strips, clearPatch, findRuns, findStrip, fold, foldPanels, movePatch, patchFor, placeInputs, placeOutputs, stepOf,
  stripHeight,
} from './strip';

/** Rows of the kernels' tallest tile. */
const TILE: i32 = 4;

@unmanaged
export class Convolution extends Strips {
  y: usize;
  x: usize;
  w: usize;
  /** 0 where nothing is added. */
  b: usize;
  /** The smallest output, as in `DenseForward`. */
  floor: f32;
}

@unmanaged
export class ConvolutionInput extends Strips {
  dx: usize;
  dy: usize;
  w: usize;
  /** What dx begins at, for each channel; 0 for zeros. */
  b: usize;
  /** The rectified outputs that x is, whose zeros stop the gradient; or 0. */
  rectified: usize;
  /** A `GradientWay`. Around, windows lie on dy, and its columns are the channels. */
  way: i32;
}

@unmanaged
export class ConvolutionWeights extends Strips {
  dw: usize;
  /** 0 where the layer has no bias. */
  db: usize;
  x: usize;
  dy: usize;
  /** 1 where the bias is of x, as a transposed convolution's is; 0 where it is of y. */
  transposed: i32;
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

/** y[B,O] = max(floor, what its windows read of x[B,C] · w[taps · C,O] + b[O]), shared out by samples. */
export function convolutionForward(r: Convolution): void {
  convolve(r, r.y, r.x, r.w, r.b, r.floor, 0, r.scratch + partNumber() * r.scratchBytes);
}

/** The same of those places, and 0 where `rectified` is; `places` is room for the patch and its tables. */
function convolve(
  r: Strips,
  y: usize,
  x: usize,
  w: usize,
  b: usize,
  floor: f32,
  rectified: usize,
  places: usize,
): void {
  const g = r.window;
  const rows = rowsOf(r);
  const height = rows / r.positions * g.height * g.width;
  const inputs = r.taps * r.channels;
  const runs = places + (<usize>max(inputs, stripHeight(r)) << 2);
  const room = runs + (<usize>inputs << 3);
  const tile = tileFor(r.outputs, r.paired);
  const next = b ? 1 : 0;
  placeInputs(r, places, height);
  findRuns(runs, places, inputs, 4);
  placeOutputs(r, places);
  for (let row = firstRow(r), last = lastRow(r); row < last; ) {
    const count = findStrip(r, row, last);
    const patch = patchFor(r, room, x, height);
    const to = y + <usize>row * ROW;
    multiplyAround(to, rows, patch, 4, w, inputs, b, next, 0, count, inputs, r.outputs, floor, tile, places, runs);
    if (!isDefined(FORWARD_ONLY) && rectified) stopGradient(r, y, rectified, r.outputs, row, count);
    row += count;
  }
}

/** So many rows of dx[B,C] = 0 where `rectified` is. */
function stopGradient(r: Strips, dx: usize, rectified: usize, columns: i32, row: i32, count: i32): void {
  for (let panel = 0; panel < panelsOf(columns); panel++) {
    const shift = <usize>(panel * rowsOf(r) + row) * ROW;
    keepAlive(dx + shift, rectified + shift, <usize>count * ROW);
  }
}

/** t[taps · O,C] = w[taps · C,O], the last tap first and each turned over; 3 rows behind it may be overwritten. */
function turnAround(t: usize, w: usize, taps: i32, channels: i32, outputs: i32): void {
  const stride = <usize>(taps * channels) * ROW;
  for (let channel = 0; channel < channels; channel += PANEL) {
    for (let tap = taps - 1; tap >= 0; tap--) {
      turn(t, w + <usize>(tap * channels + channel) * ROW, stride, 0, min(PANEL, channels - channel), outputs);
      t += <usize>outputs * ROW;
    }
  }
}

/**
 * dx[B,C] = b[C] + the shares of dy[B,O] · wᵀ that its windows read there, and 0 where `rectified` is; shared out by
 * samples. The record's positions are those of dx.
 */
export function convolutionInputGradient(r: ConvolutionInput): void {
  const room = r.scratch + partNumber() * r.scratchBytes;
  if (isDefined(FORWARD_ONLY) || r.way != GradientWay.around) {
    addShares(r, room);
    return;
  }
  turnAround(room, r.w, r.taps, r.outputs, r.channels);
  const turned = <usize>(panelsOf(r.outputs) * r.taps * r.channels + 3) * ROW;
  convolve(r, r.dx, r.dy, room, 0, -Infinity, r.rectified, room + turned);
}

/** Adds dy[B,O] · wᵀ where its windows read dx[B,C]. */
function addShares(r: ConvolutionInput, matrix: usize): void {
  const g = r.window;
  const rows = rowsOf(r);
  const outs = g.outHeight * g.outWidth;
  const height = rows / r.positions * outs;
  const inputs = r.taps * r.channels;
  const panels = panelsOf(inputs);
  const strip = stripHeight(r);
  const turned = matrix + <usize>(panels * strip) * ROW;
  const patch = turned + <usize>(panels * r.outputs + 3) * ROW;
  for (let panel = 0; panel < panels; panel++) {
    const w = r.w + <usize>(panel * PANEL) * ROW;
    const left = min(PANEL, inputs - panel * PANEL);
    turn(turned + <usize>(panel * r.outputs) * ROW, w, <usize>inputs * ROW, 0, left, r.outputs);
  }
  // What a sample begins at is near for its first strip; short binaries have one place less for it.
  const atOnce = isDefined(FORWARD_ONLY);
  if (atOnce) begin(r, firstRow(r), lastRow(r) - firstRow(r));
  // A sample's strips are the same whoever has it, and so is the order in which they are added up.
  for (let row = firstRow(r) / r.positions * outs, end = lastRow(r) / r.positions * outs; row < end; ) {
    const count = findStrip(r, row, end);
    const dy = r.dy + <usize>row * ROW;
    if (!atOnce && row % outs == 0) begin(r, row / outs * r.positions, max(1, count / outs) * r.positions);
    multiply(matrix, strip, dy, turned, 0, count, height, r.outputs, 0, panels, -Infinity, r.paired);
    if (!isDefined(FORWARD_ONLY) && r.way == GradientWay.panels) {
      foldPanels(r, matrix, r.dx, rows);
    } else {
      clearPatch(r, patch);
      fold(r, matrix, patch);
      movePatch(r, patch, r.dx, rows, true);
    }
    row += count;
  }
  if (r.rectified) stopGradient(r, r.dx, r.rectified, r.channels, firstRow(r), lastRow(r) - firstRow(r));
}

/** What so many rows of dx[B,C] are before anything is added. */
function begin(r: ConvolutionInput, row: i32, count: i32): void {
  const bytes = <usize>count * ROW;
  for (let panel = 0; panel < panelsOf(r.channels); panel++) {
    const dx = r.dx + <usize>(panel * rowsOf(r) + row) * ROW;
    if (!r.b) memory.fill(dx, 0, bytes);
    else for (let at: usize = 0; at < bytes; at += ROW) memory.copy(dx + at, r.b + panel * ROW, ROW);
  }
}

/**
 * dw[taps · C,O] = what windows read of x[B,C], turned over, · dy[B,O], and db = Σ dy (or Σ x); shared out by w's
 * inputs, four at a time: of 3 × 3 windows over 16 channels one of two threads would have five panels.
 */
export function convolutionWeightGradient(r: ConvolutionWeights): void {
  const g = r.window;
  const rows = rowsOf(r);
  const height = rows / r.positions * g.height * g.width;
  const inputs = r.taps * r.channels;
  const strip = stripHeight(r);
  const first = firstOf(inputs, TILE);
  const left = lastOf(inputs, TILE) - first;
  const places = r.scratch + partNumber() * r.scratchBytes;
  const outputs = places + (<usize>inputs << 2);
  const runs = outputs + (<usize>strip << 2);
  const room = runs + (<usize>strip << 3);
  const own = places + (<usize>first << 2);
  const step = stepOf(r);
  placeInputs(r, places, height);
  placeOutputs(r, outputs);
  let known = 0;
  for (let row = 0; row < rows && left > 0; ) {
    const count = findStrip(r, row, rows);
    if (count != known) findRuns(runs, outputs, count, step);
    known = count;
    const patch = patchFor(r, room, r.x, height);
    const dw = r.dw + <usize>first * ROW;
    const dy = r.dy + <usize>row * ROW;
    multiplyDown(dw, patch, step, dy, rows, count, left, inputs, r.outputs, row == 0, r.paired, own, runs);
    row += count;
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
