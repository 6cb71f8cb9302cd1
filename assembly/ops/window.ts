// Windows over images: which rows of a value an output reads. A sequence is an image of one line.
import { ROW } from '../plan';

/** Where an image's windows lie: a constant of the plan. */
@unmanaged
export class Window {
  /** The image that windows lie on, and how many of them lie on it each way. */
  height: i32;
  width: i32;
  outHeight: i32;
  outWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideY: i32;
  strideX: i32;
  /** How far the first window begins before the image. */
  top: i32;
  left: i32;
  dilationY: i32;
  dilationX: i32;
}

// What `locate` found: the window's taps that lie within the image, and the row that its first tap would have.
export let firstY: i32 = 0;
export let lastY: i32 = 0;
export let firstX: i32 = 0;
export let lastX: i32 = 0;
export let corner: i32 = 0;
// The place in its line of the output that it found it for, its line, the row of the image before its sample's first,
// and where its window begins in the image's line.
let placeX: i32 = 0;
let placeY: i32 = 0;
let image: i32 = 0;
let startX: i32 = 0;

/** The first tap that is not before the image. Divisions take longer than many a window. */
// @ts-ignore: decorator
@inline
function firstTap(start: i32, dilation: i32): i32 {
  if (start >= 0) return 0;
  return dilation == 1 ? -start : (dilation - 1 - start) / dilation;
}

/** The one after the last tap that is not behind it. */
// @ts-ignore: decorator
@inline
function lastTap(start: i32, dilation: i32, length: i32, taps: i32): i32 {
  const room = length - start;
  return min(taps, dilation == 1 ? room : (room + dilation - 1) / dilation);
}

/** Leaves out what the window found reads of a line beyond so many steps. */
export function cut(steps: i32): void {
  lastX = min(lastX, steps);
}

/** Finds the window of that row of the outputs, which lie sample after sample. */
export function locate(g: Window, row: i32): void {
  const line = row / g.outWidth;
  const sample = line / g.outHeight;
  placeX = row - line * g.outWidth;
  placeY = line - sample * g.outHeight;
  image = sample * g.height * g.width;
  findTaps(g);
}

/** Finds the window of the row `count` behind that, all between which are of one line; or of `lines` whole lines. */
export function advance(g: Window, count: i32, lines: i32 = 1): void {
  placeX += count;
  if (placeX == g.outWidth) {
    placeX = 0;
    placeY += lines;
    if (placeY == g.outHeight) {
      placeY = 0;
      image += g.height * g.width;
    }
  }
  findTaps(g);
}

function findTaps(g: Window): void {
  const startY = placeY * g.strideY - g.top;
  startX = placeX * g.strideX - g.left;
  firstY = firstTap(startY, g.dilationY);
  lastY = lastTap(startY, g.dilationY, g.height, g.kernelHeight);
  firstX = firstTap(startX, g.dilationX);
  lastX = lastTap(startX, g.dilationX, g.width, g.kernelWidth);
  corner = image + startY * g.width + startX;
}

/** How many outputs from the one found on, all in its line, have windows wholly within the image. */
export function wholeWindows(g: Window): i32 {
  if (firstX > 0 || firstY > 0 || lastY < g.kernelHeight || lastX < g.kernelWidth) return 0;
  const room = g.width - 1 - startX - (g.kernelWidth - 1) * g.dilationX;
  return min(g.outWidth - placeX, room / g.strideX + 1);
}

/** How many lines from the one found on have such windows alone, where that one has. */
export function wholeLines(g: Window): i32 {
  const room = g.height - 1 - placeY * g.strideY + g.top - (g.kernelHeight - 1) * g.dilationY;
  return min(g.outHeight - placeY, room / g.strideY + 1);
}

/**
 * How many outputs from the one found on, all in its line, have windows of which one column at most is beyond the
 * image; 0 where that one's has more. At least two columns are within, as images are that wide.
 */
export function nearlyWhole(g: Window): i32 {
  const room = g.width + 1 - g.kernelWidth - startX;
  return startX < -1 || room < 0 ? 0 : min(g.outWidth - placeX, room / g.strideX + 1);
}

/** Whether of so many windows from the one found on the last has a column beyond the image. */
// @ts-ignore: decorator
@inline
export function endsBeyond(g: Window, count: i32): bool {
  return startX + (count - 1) * g.strideX + g.kernelWidth > g.width;
}

/** Where the line lies of that tap of the window found; 0, where zeros are, for one beyond the image. */
// @ts-ignore: decorator
@inline
export function lineOf(g: Window, image: usize, tap: i32): usize {
  return tap < firstY || tap >= lastY ? 0 : image + <usize>(corner + tap * g.dilationY * g.width) * ROW;
}
