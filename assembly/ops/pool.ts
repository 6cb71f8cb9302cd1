// What becomes of all numbers that a window reads: the largest, their mean or their sum.
import { PoolKind } from '../../src/plan/opcodes';
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, rowsOf } from '../parts';
import { Op, ROW } from '../plan';
import { Window, advance, corner, cut, firstX, firstY, lastX, lastY, locate, wholeWindows } from './window';

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

/** How many outputs from the one found on have the same taps, `most` at most. */
// @ts-ignore: decorator
@inline
function alike(g: Window, most: i32, lengths: i32): i32 {
  return lengths ? 1 : max(1, wholeWindows(g, most));
}

/** Goes on to the output `count` behind that of row `row`. */
// @ts-ignore: decorator
@inline
function goOn(g: Window, row: i32, count: i32): void {
  if (count == 1) advance(g);
  else locate(g, row + count);
}

/** y[B,C] of the windows on x[B,C], shared out by samples. Borders count as nothing. */
export function poolForward(r: Pool): void {
  const g = r.window;
  const rows = rowsOf(r);
  const height = rows / r.positions * g.height * g.width;
  let count = 1;
  locate(g, firstRow(r));
  for (let row = firstRow(r), end = lastRow(r); row < end; row += count) {
    if (r.lengths) cut(lengthOf(controlsOf(r), row, r.lengths, g.width));
    count = alike(g, end - row, r.lengths);
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      const x = r.x + <usize>(panel * height) * ROW;
      poolRun(r.y + <usize>(panel * rows + row) * ROW, x, g, count, r.kind);
    }
    goOn(g, row, count);
  }
}

/** The largest of 2 × 2 numbers for `count` outputs side by side: most pools have such windows, and no loop pays. */
function largestOfFour(y: usize, x: usize, down: usize, step: usize, count: i32): void {
  for (const last = y + <usize>count * ROW; y < last; y += ROW) {
    let a = v128.load(x);
    let b = v128.load(x, 64);
    let c = v128.load(x + down);
    let d = v128.load(x + down, 64);
    let s = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    v128.store(y, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
    a = v128.load(x, 16);
    b = v128.load(x, 80);
    c = v128.load(x + down, 16);
    d = v128.load(x + down, 80);
    s = f32x4.add(s, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    v128.store(y, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)), 16);
    a = v128.load(x, 32);
    b = v128.load(x, 96);
    c = v128.load(x + down, 32);
    d = v128.load(x + down, 96);
    s = f32x4.add(s, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    v128.store(y, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)), 32);
    a = v128.load(x, 48);
    b = v128.load(x, 112);
    c = v128.load(x + down, 48);
    d = v128.load(x + down, 112);
    s = f32x4.add(s, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    v128.store(y, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)), 48);
    if (v128.any_true(f32x4.ne(s, s))) keepStrange(y, x, 2 * down, down, 2 * ROW);
    x += step;
  }
}

/** A panel of `count` outputs side by side, the first of which is the one found. */
function poolRun(y: usize, image: usize, g: Window, count: i32, kind: i32): void {
  const isMax = kind == PoolKind.max;
  const down = <usize>g.width * ROW;
  const across = <usize>(lastX - firstX) * ROW;
  const far = <usize>(lastY - firstY) * down;
  const lowest = f32x4.splat(-Infinity);
  const scale = f32x4.splat(kind == PoolKind.average ? 1 / <f32>((lastY - firstY) * (lastX - firstX)) : 1);
  let x = image + <usize>(corner + firstY * g.width + firstX) * ROW;
  if (!isDefined(FORWARD_ONLY) && isMax && across == 2 * ROW && far == 2 * down) {
    largestOfFour(y, x, down, <usize>g.strideX * ROW, count);
    return;
  }
  for (const last = y + <usize>count * ROW; y < last; y += ROW) {
    let c0 = lowest;
    let c1 = lowest;
    let c2 = lowest;
    let c3 = lowest;
    // Of largest numbers the sums tell of NaN, which pmax loses: max does not, but takes several times as long.
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let line = x; line < x + far; line += down) {
      for (let at = line; at < line + across; at += ROW) {
        const x0 = v128.load(at);
        const x1 = v128.load(at, 16);
        const x2 = v128.load(at, 32);
        const x3 = v128.load(at, 48);
        s0 = f32x4.add(s0, x0);
        s1 = f32x4.add(s1, x1);
        s2 = f32x4.add(s2, x2);
        s3 = f32x4.add(s3, x3);
        if (!isMax) continue;
        c0 = f32x4.pmax(c0, x0);
        c1 = f32x4.pmax(c1, x1);
        c2 = f32x4.pmax(c2, x2);
        c3 = f32x4.pmax(c3, x3);
      }
    }
    if (!isMax) {
      c0 = f32x4.mul(s0, scale);
      c1 = f32x4.mul(s1, scale);
      c2 = f32x4.mul(s2, scale);
      c3 = f32x4.mul(s3, scale);
    }
    v128.store(y, c0);
    v128.store(y, c1, 16);
    v128.store(y, c2, 32);
    v128.store(y, c3, 48);
    const all = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    if (isMax && v128.any_true(f32x4.ne(all, all))) keepStrange(y, x, far, down, across);
    x += <usize>g.strideX * ROW;
  }
}

/** The largest numbers of a window in which some are NaN. */
function keepStrange(y: usize, x: usize, far: usize, down: usize, across: usize): void {
  for (let group: usize = 0; group < <usize>ROW; group += 16) {
    let top = f32x4.splat(-Infinity);
    for (let line = x; line < x + far; line += down) {
      for (let at = line; at < line + across; at += ROW) top = f32x4.max(top, v128.load(at + group));
    }
    v128.store(y + group, top);
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
  let count = 1;
  locate(g, first / r.positions * outs);
  for (let row = first / r.positions * outs; row < end; row += count) {
    if (r.lengths) cut(lengthOf(controlsOf(r), row, r.lengths, g.width));
    count = alike(g, end - row, r.lengths);
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      goBack(r, <usize>(panel * height + row) * ROW, <usize>(panel * rows) * ROW, count);
    }
    goOn(g, row, count);
  }
}

/** A panel of `count` outputs side by side, the first of which is the one found. */
function goBack(r: PoolGradient, output: usize, image: usize, count: i32): void {
  const g = r.window;
  const isMax = r.kind == PoolKind.max;
  const down = <usize>g.width * ROW;
  const across = <usize>(lastX - firstX) * ROW;
  const far = <usize>(lastY - firstY) * down;
  const scale = f32x4.splat(r.kind == PoolKind.average ? 1 / <f32>((lastY - firstY) * (lastX - firstX)) : 1);
  let dx = r.dx + image + <usize>(corner + firstY * g.width + firstX) * ROW;
  const x = r.x - r.dx;
  const y = r.y + output;
  const dy = r.dy + output;
  for (let out: usize = 0; out < <usize>count * ROW; out += ROW) {
    for (let group: usize = 0; group < <usize>ROW; group += 16) {
      const top = v128.load(y + out + group);
      const share = f32x4.mul(v128.load(dy + out + group), scale);
      let left = share;
      for (let line = dx + group; line < dx + far; line += down) {
        for (let at = line; at < line + across; at += ROW) {
          let own = share;
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
