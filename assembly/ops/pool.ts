// What becomes of all numbers that a window reads: the largest, their mean or their sum.
import { PoolKind } from '../../src/plan/opcodes';
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, rowsOf } from '../parts';
import { Op, ROW } from '../plan';
import { Window, advance, corner, cut, firstX, firstY, lastX, lastY, locate, wholeLines, wholeWindows } from './window';

@unmanaged
export class Pool extends Op {
  y: usize;
  x: usize;
  window: Window;
  columns: i32;
  kind: i32;
  /** Numbers that a window reads of each column, which only budgets of work ask for. */
  taps: i32;
  /** Where a window is all of a sequence, by which input's lengths it ends, counted from 1; 0 where none does. */
  lengths: i32;
}

@unmanaged
export class PoolGradient extends Op {
  dx: usize;
  dy: usize;
  x: usize;
  y: usize;
  window: Window;
  columns: i32;
  kind: i32;
  lengths: i32;
}

// How many outputs from the one found on have the same taps: so many side by side, of so many lines.
let across: i32 = 0;
let lines: i32 = 0;

/** Finds these; where sequences have lengths, one at a time. */
function findAlike(g: Window, lengths: i32): void {
  const whole = lengths ? 0 : wholeWindows(g);
  across = max(1, whole);
  lines = whole == g.outWidth ? wholeLines(g) : 1;
}

/** y[B,C] of the windows on x[B,C], shared out by samples. Borders count as nothing. */
export function poolForward(r: Pool): void {
  const g = r.window;
  const rows = rowsOf(r);
  const height = rows / r.positions * g.height * g.width;
  locate(g, firstRow(r));
  for (let row = firstRow(r), end = lastRow(r); row < end; row += across * lines) {
    if (r.lengths) cut(lengthOf(controlsOf(r), row, r.lengths, g.width));
    findAlike(g, r.lengths);
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      const x = r.x + <usize>(panel * height) * ROW;
      poolRun(r.y + <usize>(panel * rows + row) * ROW, x, g, r.kind);
    }
    advance(g, across, lines);
  }
}

/** The larger numbers, and NaN where either is, which pmax loses: max does not, but takes several times as long. */
// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128): v128 {
  return v128.or(f32x4.pmax(a, b), f32x4.ne(b, b));
}

/** The largest of the 2 × 2 numbers there. */
// @ts-ignore: decorator
@inline
function ofFour(x: usize, down: usize): v128 {
  const above = larger(v128.load(x), v128.load(x, 64));
  return larger(above, larger(v128.load(x + down), v128.load(x + down, 64)));
}

/** The largest of 2 × 2 numbers, line by line up to `end`: most pools have such windows, and no loop over them pays. */
function largestOfFour(y: usize, first: usize, down: usize, step: usize, next: usize, row: usize, end: usize): void {
  while (y < end) {
    let x = first;
    for (const last = y + row; y < last; y += ROW) {
      v128.store(y, ofFour(x, down));
      v128.store(y, ofFour(x + 16, down), 16);
      v128.store(y, ofFour(x + 32, down), 32);
      v128.store(y, ofFour(x + 48, down), 48);
      x += step;
    }
    first += next;
  }
}

/** A panel of outputs with the same taps, the first of which is the one found. */
function poolRun(y: usize, image: usize, g: Window, kind: i32): void {
  const isMax = kind == PoolKind.max;
  const down = <usize>g.width * ROW;
  const wide = <usize>(lastX - firstX) * ROW;
  const far = <usize>(lastY - firstY) * down;
  const lowest = f32x4.splat(isMax ? -Infinity : 0);
  const scale = f32x4.splat(kind == PoolKind.average ? 1 / <f32>((lastY - firstY) * (lastX - firstX)) : 1);
  const step = <usize>g.strideX * ROW;
  const row = <usize>across * ROW;
  const end = y + <usize>lines * row;
  let first = image + <usize>(corner + firstY * g.width + firstX) * ROW;
  if (!isDefined(FORWARD_ONLY) && isMax && wide == 2 * ROW && far == 2 * down) {
    largestOfFour(y, first, down, step, <usize>g.strideY * down, row, end);
    return;
  }
  while (y < end) {
    const last = y + row;
    let x = first;
    first += <usize>g.strideY * down;
    for (; y < last; y += ROW) {
      let c0 = lowest;
      let c1 = lowest;
      let c2 = lowest;
      let c3 = lowest;
      for (let line = x; line < x + far; line += down) {
        for (let at = line; at < line + wide; at += ROW) {
          const x0 = v128.load(at);
          const x1 = v128.load(at, 16);
          const x2 = v128.load(at, 32);
          const x3 = v128.load(at, 48);
          if (isMax) {
            c0 = larger(c0, x0);
            c1 = larger(c1, x1);
            c2 = larger(c2, x2);
            c3 = larger(c3, x3);
          } else {
            c0 = f32x4.add(c0, x0);
            c1 = f32x4.add(c1, x1);
            c2 = f32x4.add(c2, x2);
            c3 = f32x4.add(c3, x3);
          }
        }
      }
      v128.store(y, f32x4.mul(c0, scale));
      v128.store(y, f32x4.mul(c1, scale), 16);
      v128.store(y, f32x4.mul(c2, scale), 32);
      v128.store(y, f32x4.mul(c3, scale), 48);
      x += step;
    }
  }
}

/**
 * dx[B,C] = the shares of dy[B,C] of all windows that read there: of a largest number, which is looked for again, the
 * first of equal ones has all. The record's positions are those of dx; shared out by samples.
 */
export function poolGradient(r: PoolGradient): void {
  const g = r.window;
  const rows = rowsOf(r);
  const outs = g.outHeight * g.outWidth;
  const height = rows / r.positions * outs;
  const first = firstRow(r);
  const end = lastRow(r) / r.positions * outs;
  const bytes = <usize>(lastRow(r) - first) * ROW;
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    memory.fill(r.dx + <usize>(panel * rows + first) * ROW, 0, bytes);
  }
  locate(g, first / r.positions * outs);
  for (let row = first / r.positions * outs; row < end; row += across * lines) {
    if (r.lengths) cut(lengthOf(controlsOf(r), row, r.lengths, g.width));
    findAlike(g, r.lengths);
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      let output = <usize>(panel * height + row) * ROW;
      let image = <usize>(panel * rows) * ROW;
      for (let line = 0; line < lines; line++) {
        goBack(r, output, image);
        output += <usize>across * ROW;
        image += <usize>(g.strideY * g.width) * ROW;
      }
    }
    advance(g, across, lines);
  }
}

/** A panel of outputs side by side, the first of which is the one found. */
function goBack(r: PoolGradient, output: usize, image: usize): void {
  const g = r.window;
  const isMax = r.kind == PoolKind.max;
  const down = <usize>g.width * ROW;
  const wide = <usize>(lastX - firstX) * ROW;
  const far = <usize>(lastY - firstY) * down;
  const scale = f32x4.splat(r.kind == PoolKind.average ? 1 / <f32>((lastY - firstY) * (lastX - firstX)) : 1);
  let dx = r.dx + image + <usize>(corner + firstY * g.width + firstX) * ROW;
  const x = r.x - r.dx;
  const y = r.y + output;
  const dy = r.dy + output;
  for (let out: usize = 0; out < <usize>across * ROW; out += ROW) {
    for (let group: usize = 0; group < <usize>ROW; group += 16) {
      const top = v128.load(y + out + group);
      let left = f32x4.mul(v128.load(dy + out + group), scale);
      for (let line = dx + group; line < dx + far; line += down) {
        for (let at = line; at < line + wide; at += ROW) {
          let own = left;
          if (isMax) {
            const isLargest = f32x4.eq(v128.load(x + at), top);
            own = v128.and(left, isLargest);
            left = v128.andnot(left, isLargest);
          }
          v128.store(at, f32x4.add(v128.load(at), own));
        }
      }
    }
    dx += <usize>g.strideX * ROW;
  }
}
