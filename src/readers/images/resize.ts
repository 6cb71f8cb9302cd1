/** Pictures of another size, and as the bytes that a network takes. */
import type { Picture } from './decode.js';

/** A part of a picture. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The largest part in the middle that has the proportions of so many rows and columns. */
export function middle({ height, width }: Omit<Picture, 'data'>, rows: number, columns: number): Window {
  const isWide = width * rows > height * columns;
  const own = isWide ? { height, width: (height * columns) / rows } : { height: (width * rows) / columns, width };
  return { ...own, top: (height - own.height) / 2, left: (width - own.width) / 2 };
}

/** Of one pixel, the first of those that it is made of and what each of them counts. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * A triangle as wide as two pixels of the source, or of the result where that has fewer: linear in between, and a mean
 * where it shrinks. It is what Pillow's BILINEAR and PyTorch's `interpolate` with `antialias` take.
 */
function tapsOf(from: number, length: number, start: number, to: number): Taps[] {
  const scale = length / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = start + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const weights = Array.from({ length: end - first }, (_, k) => {
      return Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / support);
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map(weight => weight / sum) };
  });
}

/** A part of a picture in so many rows and columns; the bits are the same everywhere. */
export function resized(picture: Picture, part: Window, rows: number, columns: number): Picture {
  const { height, width } = picture;
  if (part.height === height && part.width === width && rows === height && columns === width) return picture;
  // What is transparent has no colour to give to its neighbours.
  const isOpaque = picture.data.every((value, i) => i % 4 < 3 || value === 255);
  const data = isOpaque ? picture.data : withAlpha(picture.data, (value, alpha) => (value * alpha) / 255);
  const across = tapsOf(width, part.width, part.left, columns);
  const down = tapsOf(height, part.height, part.top, rows);
  const narrow = new Float64Array(height * columns * 4);
  for (let row = 0, to = 0; row < height; row++) {
    for (const { first, weights } of across) {
      for (let channel = 0; channel < 4; channel++, to++) {
        let at = (row * width + first) * 4 + channel;
        let sum = 0;
        for (const weight of weights) {
          sum += weight * (data[at] ?? 0);
          at += 4;
        }
        narrow[to] = sum;
      }
    }
  }
  const across4 = columns * 4;
  const sized = new Uint8ClampedArray(rows * across4);
  // Of one row, that a large picture takes no more memory than its bytes.
  const sums = new Float64Array(across4);
  for (const [row, { first, weights }] of down.entries()) {
    for (let i = 0; i < across4; i++) {
      let at = first * across4 + i;
      let sum = 0;
      for (const weight of weights) {
        sum += weight * (narrow[at] ?? 0);
        at += across4;
      }
      sums[i] = sum;
    }
    const straight = isOpaque ? sums : withAlpha(sums, (value, alpha) => (alpha > 0 ? (value * 255) / alpha : 0));
    for (let i = 0, to = row * across4; i < across4; i++, to++) sized[to] = Math.floor((straight[i] ?? 0) + 0.5);
  }
  return { height: rows, width: columns, data: sized };
}

/** Colours changed by how opaque their pixel is. */
function withAlpha(data: ArrayLike<number>, change: (value: number, alpha: number) => number): Float64Array {
  return Float64Array.from(data, (value, i) => (i % 4 === 3 ? value : change(value, data[i - (i % 4) + 3] ?? 0)));
}

/**
 * Writes a picture's pixels: with one channel its grey (luma of ITU-R BT.601), with three its colours, each as on white
 * paper where it is transparent, and with four how opaque it is besides.
 */
export function writePixels({ data }: Picture, channels: 1 | 3 | 4, to: Uint8Array): void {
  if (channels === 4) {
    to.set(data);
    return;
  }
  for (let from = 0, at = 0; from < data.length; from += 4) {
    const alpha = data[from + 3] ?? 255;
    const shade = (i: number) => Math.floor(((data[from + i] ?? 0) * alpha + 255 * (255 - alpha)) / 255 + 0.5);
    if (channels === 3) for (let i = 0; i < 3; i++) to[at++] = shade(i);
    else to[at++] = (19595 * shade(0) + 38470 * shade(1) + 7471 * shade(2) + 32768) >> 16;
  }
}
