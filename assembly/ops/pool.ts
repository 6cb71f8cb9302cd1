// What becomes of all numbers that a window reads: the largest, their mean or their sum.
import { PoolKind } from '../../src/plan/opcodes';
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, rowsOf } from '../parts';
import { Op, ROW } from '../plan';
import { Window, advance, corner, cut, firstX, firstY, lastX, lastY, locate } from './window';

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

/** 1 over how many numbers the window found has. */
// @ts-ignore: decorator
@inline
function share(kind: i32): v128 {
  return f32x4.splat(kind == PoolKind.average ? 1 / <f32>((lastY - firstY) * (lastX - firstX)) : 1);
}

/** y[B,C] of the windows on x[B,C], shared out by samples. Borders count as nothing. */
export function poolForward(r: Pool): void {
  const g = r.window;
  const rows = rowsOf(r);
  const height = rows / r.positions * g.height * g.width;
  const isMax = r.kind == PoolKind.max;
  locate(g, firstRow(r));
  for (let row = firstRow(r), end = lastRow(r); row < end; row++, advance(g)) {
    if (r.lengths) cut(lengthOf(controlsOf(r), row, r.lengths, g.width));
    const scale = share(r.kind);
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      const x = r.x + <usize>(panel * height) * ROW;
      const y = r.y + <usize>(panel * rows + row) * ROW;
      let strange = f32x4.splat(0);
      let c0 = f32x4.splat(isMax ? -Infinity : 0);
      let c1 = c0;
      let c2 = c0;
      let c3 = c0;
      for (let tapY = firstY; tapY < lastY; tapY++) {
        const line = corner + tapY * g.width;
        let at = x + <usize>(line + firstX) * ROW;
        for (const last = x + <usize>(line + lastX) * ROW; at < last; at += ROW) {
          if (isMax) {
            const x0 = v128.load(at);
            const x1 = v128.load(at, 16);
            const x2 = v128.load(at, 32);
            const x3 = v128.load(at, 48);
            c0 = f32x4.pmax(c0, x0);
            c1 = f32x4.pmax(c1, x1);
            c2 = f32x4.pmax(c2, x2);
            c3 = f32x4.pmax(c3, x3);
            const few = v128.or(f32x4.ne(x0, x0), f32x4.ne(x1, x1));
            strange = v128.or(strange, v128.or(few, v128.or(f32x4.ne(x2, x2), f32x4.ne(x3, x3))));
          } else {
            c0 = f32x4.add(c0, v128.load(at));
            c1 = f32x4.add(c1, v128.load(at, 16));
            c2 = f32x4.add(c2, v128.load(at, 32));
            c3 = f32x4.add(c3, v128.load(at, 48));
          }
        }
      }
      if (v128.any_true(strange)) {
        keepStrange(y, x, g);
        continue;
      }
      v128.store(y, f32x4.mul(c0, scale));
      v128.store(y, f32x4.mul(c1, scale), 16);
      v128.store(y, f32x4.mul(c2, scale), 32);
      v128.store(y, f32x4.mul(c3, scale), 48);
    }
  }
}

/** The largest numbers of a window in which some are NaN, which pmax loses: max does not, but takes twice as long. */
function keepStrange(y: usize, x: usize, g: Window): void {
  for (let group: usize = 0; group < <usize>ROW; group += 16) {
    let top = f32x4.splat(-Infinity);
    for (let tapY = firstY; tapY < lastY; tapY++) {
      for (let tapX = firstX; tapX < lastX; tapX++) {
        top = f32x4.max(top, v128.load(x + <usize>(corner + tapY * g.width + tapX) * ROW + group));
      }
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
  locate(g, first / r.positions * outs);
  for (let row = first / r.positions * outs; row < end; row++, advance(g)) {
    if (r.lengths) cut(lengthOf(controlsOf(r), row, r.lengths, g.width));
    const scale = share(r.kind);
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      const shift = <usize>(panel * height + row) * ROW;
      for (let group: usize = 0; group < <usize>ROW; group += 16) {
        const dy = f32x4.mul(v128.load(r.dy + shift + group), scale);
        let left = dy;
        for (let tapY = firstY; tapY < lastY; tapY++) {
          const line = corner + tapY * g.width;
          let at = <usize>(panel * rows + line + firstX) * ROW + group;
          for (const last = <usize>(panel * rows + line + lastX) * ROW + group; at < last; at += ROW) {
            let own = dy;
            if (r.kind == PoolKind.max) {
              const isLargest = f32x4.eq(v128.load(r.x + at), v128.load(r.y + shift + group));
              own = v128.and(left, isLargest);
              left = v128.andnot(left, isLargest);
            }
            v128.store(r.dx + at, f32x4.add(v128.load(r.dx + at), own));
          }
        }
      }
    }
  }
}
