// What the windows of a strip of outputs read: the part of the images that they lie on, with its borders and its
// channels one behind the other. A window's numbers lie there in runs, of each kernel row as many as are neighbours.
import { panelsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { columnMask } from '../simd/lanes';
import { Window } from './window';

/** How each record of a convolution begins. */
@unmanaged
export class Strips extends Op {
  window: Window;
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  channels: i32;
  outputs: i32;
  /** Numbers that a window reads of each channel. */
  taps: i32;
  /** A strip's outputs at most: of so many samples, lines of each, and outputs of each line. */
  samples: i32;
  lines: i32;
  across: i32;
  paired: i32;
}

// The strip found, and where it begins.
let samples: i32 = 0;
let lines: i32 = 0;
let across: i32 = 0;
let sample: i32 = 0;
let line: i32 = 0;
let place: i32 = 0;

/** Outputs of the largest strip. */
// @ts-ignore: decorator
@inline
export function stripHeight(r: Strips): i32 {
  return r.samples * r.lines * r.across;
}

/** Finds the strip that begins with that row of the outputs, none of which is `end`; returns how many it has. */
export function findStrip(r: Strips, row: i32, end: i32): i32 {
  const g = r.window;
  const outs = g.outHeight * g.outWidth;
  sample = row / outs;
  line = (row - sample * outs) / g.outWidth;
  place = row % g.outWidth;
  samples = max(1, min(r.samples, (end - row) / outs));
  lines = min(r.lines, g.outHeight - line);
  across = min(r.across, g.outWidth - place);
  return samples * lines * across;
}

/** Whether windows are of one number, read where they lie. Short binaries copy them with what lies between. */
// @ts-ignore: decorator
@inline
function isInPlace(r: Strips): bool {
  return !isDefined(FORWARD_ONLY) && r.taps == 1;
}

/** How many numbers of a patch so many windows side by side lie on. */
// @ts-ignore: decorator
@inline
function reach(windows: i32, stride: i32, kernel: i32, dilation: i32): i32 {
  return (windows - 1) * stride + (kernel - 1) * dilation + 1;
}

function reachAcross(g: Window, windows: i32): i32 {
  return reach(windows, g.strideX, g.kernelWidth, g.dilationX);
}

function reachDown(g: Window, windows: i32): i32 {
  return reach(windows, g.strideY, g.kernelHeight, g.dilationY);
}

/** A patch of zeros. */
export function clearPatch(r: Strips, patch: usize): void {
  const g = r.window;
  memory.fill(patch, 0, <usize>(samples * reachDown(g, r.lines) * reachAcross(g, r.across) * r.channels) << 2);
}

/** Where the strip's windows begin: in the image, or in the patch that they are copied to. */
export function patchFor(r: Strips, patch: usize, image: usize, height: i32): usize {
  const g = r.window;
  if (isInPlace(r)) {
    return image + <usize>((sample * g.height + line * g.strideY) * g.width + place * g.strideX) * ROW;
  }
  clearPatch(r, patch);
  movePatch(r, patch, image, height, false);
  return patch;
}

/**
 * The part of the images that the strip's windows lie on, whose panels are `height` high, over zeros; or `back`, added
 * to them.
 */
export function movePatch(r: Strips, patch: usize, image: usize, height: i32, back: bool): void {
  const g = r.window;
  const channels = r.channels;
  const bytes = <usize>channels << 2;
  const width = reachAcross(g, r.across);
  const high = reachDown(g, r.lines);
  const left = place * g.strideX - g.left;
  const top = line * g.strideY - g.top;
  const from = max(0, -left);
  const count = min(reachAcross(g, across), g.width - left) - from;
  const end = min(reachDown(g, lines), g.height - top);
  for (let k = 0; k < samples; k++) {
    for (let y = max(0, -top); y < end; y++) {
      const inPatch = patch + <usize>((k * high + y) * width + from) * bytes;
      const inImage = image + <usize>(((sample + k) * g.height + top + y) * g.width + left + from) * ROW;
      // The last ones first: what is 0 beyond them lies where the next place begins.
      for (let column = channels; column > 0; ) {
        // Whole panels at once, but where a binary is to be short.
        const isWhole = !isDefined(FORWARD_ONLY) && !back && column % PANEL == 0;
        column = isWhole ? column - PANEL : (column - 1) & -4;
        let from = inPatch + (<usize>column << 2);
        let to = inImage + <usize>(column / PANEL * height) * ROW + (column % PANEL << 2);
        const mask = columnMask(column, channels);
        for (let left = count; left > 0; left--) {
          if (back) v128.store(to, f32x4.add(v128.load(to), v128.and(v128.load(from), mask)));
          else {
            v128.store(from, v128.load(to));
            if (isWhole) {
              v128.store(from, v128.load(to, 16), 16);
              v128.store(from, v128.load(to, 32), 32);
              v128.store(from, v128.load(to, 48), 48);
            }
          }
          from += bytes;
          to += ROW;
        }
      }
    }
  }
}

/** Offsets of what lies three levels deep, in bytes. */
function spread(to: usize, n2: i32, step2: usize, n1: i32, step1: usize, n0: i32, step0: usize): void {
  for (let k = 0; k < n2; k++) {
    for (let j = 0; j < n1; j++) {
      let at = <usize>k * step2 + <usize>j * step1;
      for (let i = 0; i < n0; i++) {
        store<u32>(to, at);
        at += step0;
        to += 4;
      }
    }
  }
}

/** From one output of a line to the next in a patch, in bytes. */
// @ts-ignore: decorator
@inline
function stepInPatch(r: Strips): usize {
  return <usize>(r.window.strideX * r.channels) << 2;
}

/** From one output of a line to the next where windows are read, in bytes. */
// @ts-ignore: decorator
@inline
export function stepOf(r: Strips): usize {
  return isInPlace(r) ? <usize>r.window.strideX * ROW : stepInPatch(r);
}

/** Where the windows of the largest strip's outputs begin; of smaller strips as many as they have. */
export function placeOutputs(r: Strips, to: usize): void {
  const g = r.window;
  let line = <usize>(reachAcross(g, r.across) * r.channels) << 2;
  let sample = <usize>reachDown(g, r.lines) * line;
  let down = <usize>g.strideY * line;
  if (isInPlace(r)) {
    line = <usize>g.width * ROW;
    sample = <usize>g.height * line;
    down = <usize>g.strideY * line;
  }
  spread(to, r.samples, sample, r.lines, down, r.across, stepOf(r));
}

/**
 * Where a window's numbers lie behind its first one, of images whose panels are `height` high. Of windows of one number
 * whole panels are placed: what is found next lies behind them, and overwrites what is too much.
 */
export function placeInputs(r: Strips, to: usize, height: i32): void {
  const g = r.window;
  const place = <usize>r.channels << 2;
  const line = <usize>(g.dilationY * reachAcross(g, r.across)) * place;
  if (isInPlace(r)) spread(to, 1, 0, panelsOf(r.channels), <usize>height * ROW, PANEL, 4);
  else spread(to, g.kernelHeight, line, g.kernelWidth, <usize>g.dilationX * place, r.channels, 4);
}

/**
 * So many places as runs of neighbours `step` bytes apart: how far each begins behind the end of the one before it, and
 * how many they are.
 */
export function findRuns(runs: usize, places: usize, count: i32, step: usize): void {
  let expected: usize = 1; // no place
  let length = 0;
  for (const end = places + (<usize>count << 2); places < end; places += 4) {
    const at = <usize>load<u32>(places);
    if (at != expected) {
      store<u32>(runs, at - expected);
      length = 0;
      runs += 8;
    }
    length += 1;
    store<i32>(runs - 4, length);
    expected = at + step;
  }
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

/** Adds numbers of one tap, or of neighbouring ones, for all outputs. */
function add<N>(r: Strips, matrix: usize, patch: usize): void {
  const g = r.window;
  const step = stepInPatch(r);
  const own = <usize>across * ROW;
  const width = <usize>(reachAcross(g, r.across) * r.channels) << 2;
  const down = <usize>g.strideY * width;
  const next = <usize>reachDown(g, r.lines) * width;
  patch += <usize>across * step;
  for (let k = samples; k > 0; k--) {
    let line = patch;
    for (let y = lines; y > 0; y--) {
      // From the last output back: a place then adds up its taps in their order.
      let at = line;
      let to = matrix + own;
      while (to > matrix) {
        at -= step;
        to -= ROW;
        if (offsetof<N>() == 16) v128.store(at, f32x4.add(v128.load(at), v128.load(to)));
        else store<f32>(at, load<f32>(at) + load<f32>(to));
      }
      matrix += own;
      line += down;
    }
    patch += next;
  }
}

/** Adds to a patch a matrix of taps × channels columns, where the windows of the outputs that are its rows read it. */
export function fold(r: Strips, matrix: usize, patch: usize): void {
  const g = r.window;
  const channels = r.channels;
  // Columns that lie together in the patch, and how many such runs a kernel row has.
  const run = g.dilationX == 1 ? g.kernelWidth * channels : channels;
  const runs = g.kernelWidth * channels / run;
  const strip = stripHeight(r);
  const overlaps = g.strideX * channels < 4;
  const width = reachAcross(g, r.across);
  for (let column = 0, columns = r.taps * channels; column < columns; ) {
    const tap = column / run;
    const place = column - tap * run;
    const tapY = tap / runs;
    const tapX = tap - tapY * runs;
    const lane = column % PANEL;
    const inMatrix = matrix + <usize>(column / PANEL * strip) * ROW + (lane << 2);
    const shift = (tapY * g.dilationY * width + tapX * g.dilationX) * channels + place;
    // No number that another run adds up as well.
    const isQuad = lane <= PANEL - 4 && place + 4 <= run && !overlaps;
    if (isQuad) add<Quad>(r, inMatrix, patch + (<usize>shift << 2));
    else add<Single>(r, inMatrix, patch + (<usize>shift << 2));
    column += isQuad ? 4 : 1;
  }
}

/**
 * The same of whole panels, straight to the image, whose panels are `height` high: of one tap at a time those outputs
 * that read within it.
 */
export function foldPanels(r: Strips, matrix: usize, image: usize, height: i32): void {
  const g = r.window;
  const step = <usize>g.strideX * ROW;
  const own = <usize>across * ROW;
  const spare = <usize>(stripHeight(r) - samples * lines * across) * ROW;
  for (let tap = 0; tap < r.taps; tap++) {
    const tapY = tap / g.kernelWidth;
    const top = line * g.strideY - g.top + tapY * g.dilationY;
    const left = place * g.strideX - g.left + (tap - tapY * g.kernelWidth) * g.dilationX;
    const from = left < 0 ? (g.strideX - 1 - left) / g.strideX : 0;
    const end = min(across, (g.width - 1 - left + g.strideX) / g.strideX);
    for (let panel = 0; panel < r.channels / PANEL; panel++) {
      for (let k = sample; k < sample + samples; k++) {
        for (let y = top; y < top + lines * g.strideY; y += g.strideY) {
          if (<u32>y < <u32>g.height) {
            let at = image + <usize>(panel * height + (k * g.height + y) * g.width + left + from * g.strideX) * ROW;
            const last = matrix + <usize>end * ROW;
            for (let share = matrix + <usize>from * ROW; share < last; share += ROW) {
              const a = f32x4.add(v128.load(at), v128.load(share));
              const b = f32x4.add(v128.load(at, 16), v128.load(share, 16));
              const c = f32x4.add(v128.load(at, 32), v128.load(share, 32));
              const d = f32x4.add(v128.load(at, 48), v128.load(share, 48));
              v128.store(at, a);
              v128.store(at, b, 16);
              v128.store(at, c, 32);
              v128.store(at, d, 48);
              at += step;
            }
          }
          matrix += own;
        }
      }
      matrix += spare;
    }
  }
}
