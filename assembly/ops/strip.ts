// What the windows of a strip of outputs read, side by side: first the part of the images that they lie on, with its
// borders and its channels one behind the other; then of each kernel row as many numbers at once as lie together there.
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

/** From one window to the next in a patch, which of kernels of one number has what they read alone. */
// @ts-ignore: decorator
@inline
function strideOf(kernel: i32, stride: i32): i32 {
  return kernel == 1 ? 1 : stride;
}

/** How many numbers of a patch so many windows side by side lie on. */
// @ts-ignore: decorator
@inline
function reach(windows: i32, stride: i32, kernel: i32, dilation: i32): i32 {
  return (windows - 1) * strideOf(kernel, stride) + (kernel - 1) * dilation + 1;
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

/**
 * The part of the images that the strip's windows lie on, whose panels are `height` high, with zeros beyond the images;
 * or `back`, added to them.
 */
export function movePatch(r: Strips, patch: usize, image: usize, height: i32, back: bool): void {
  const g = r.window;
  const channels = r.channels;
  const bytes = <usize>channels << 2;
  const width = reachAcross(g, r.across);
  const high = reachDown(g, r.lines);
  if (!back) clearPatch(r, patch);
  const left = place * g.strideX - g.left;
  const top = line * g.strideY - g.top;
  const from = max(0, -left);
  const count = min(reachAcross(g, across), g.width - left) - from;
  const end = min(reachDown(g, lines), g.height - top);
  // Windows of one number lie within the image.
  const down = g.kernelHeight == 1 ? g.strideY : 1;
  const step = <usize>(g.kernelWidth == 1 ? g.strideX : 1) * ROW;
  for (let k = 0; k < samples; k++) {
    for (let y = max(0, -top); y < end; y++) {
      const inPatch = patch + <usize>((k * high + y) * width + from) * bytes;
      const inImage = image + <usize>(((sample + k) * g.height + top + y * down) * g.width + left + from) * ROW;
      // The last ones first: what is 0 beyond them lies where the next place begins.
      for (let column = (channels - 1) & -4; column >= 0; column -= 4) {
        let from = inPatch + (<usize>column << 2);
        let to = inImage + <usize>(column / PANEL * height) * ROW + (column % PANEL << 2);
        const mask = columnMask(column, channels);
        for (let left = count; left > 0; left--) {
          if (back) v128.store(to, f32x4.add(v128.load(to), v128.and(v128.load(from), mask)));
          else v128.store(from, v128.load(to));
          from += bytes;
          to += step;
        }
      }
    }
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

/** Numbers of one tap, or of neighbouring ones, for all outputs; where it `adds`, back to the patch. */
function move<N>(r: Strips, matrix: usize, patch: usize, adds: bool): void {
  const isQuad = offsetof<N>() == 16;
  const g = r.window;
  const bytes = <usize>r.channels << 2;
  const step = <usize>strideOf(g.kernelWidth, g.strideX) * bytes;
  const count = across;
  const own = <usize>count * ROW;
  const width = <usize>reachAcross(g, r.across) * bytes;
  const down = <usize>strideOf(g.kernelHeight, g.strideY) * width;
  const next = <usize>reachDown(g, r.lines) * width;
  patch += <usize>count * step;
  for (let k = samples; k > 0; k--) {
    let line = patch;
    for (let y = lines; y > 0; y--) {
      // From the last output back: a place then adds up its taps in their order.
      let at = line;
      let to = matrix + own;
      while (to > matrix) {
        at -= step;
        to -= ROW;
        if (isQuad) {
          if (adds) v128.store(at, f32x4.add(v128.load(at), v128.load(to)));
          else v128.store(to, v128.load(at));
        } else if (adds) store<f32>(at, load<f32>(at) + load<f32>(to));
        else store<f32>(to, load<f32>(at));
      }
      matrix += own;
      line += down;
    }
    patch += next;
  }
}

/**
 * Between a patch and columns `from … to − 1` of the matrix of what windows read, whose first panel is that of `from`,
 * and one panel where `from` begins none. Where it `adds`, they are added up in the patch.
 */
export function unfold(r: Strips, matrix: usize, patch: usize, from: i32, to: i32, adds: bool): void {
  const g = r.window;
  const channels = r.channels;
  // Columns that lie together in the patch, and how many such runs a kernel row has.
  const run = g.dilationX == 1 ? g.kernelWidth * channels : channels;
  const runs = g.kernelWidth * channels / run;
  const strip = stripHeight(r);
  const overlaps = g.strideX * channels < 4;
  const width = reachAcross(g, r.across);
  for (let column = from; column < to; ) {
    const tap = column / run;
    const place = column - tap * run;
    const tapY = tap / runs;
    const tapX = tap - tapY * runs;
    const lane = column % PANEL;
    // What is copied beyond a run is overwritten by the next one; what is added may not be.
    const isQuad = lane <= PANEL - 4 && (!adds || (place + 4 <= run && !overlaps));
    const inMatrix = matrix + <usize>((column - from) / PANEL * strip) * ROW + (lane << 2);
    const shift = (tapY * g.dilationY * width + tapX * g.dilationX) * channels + place;
    if (isQuad) move<Quad>(r, inMatrix, patch + (<usize>shift << 2), adds);
    else move<Single>(r, inMatrix, patch + (<usize>shift << 2), adds);
    column += isQuad ? min(4, run - place) : 1;
  }
}
