// What makes one value of several, and adds up the gradients of one that several read.
import { MergeKind } from '../../src/plan/opcodes';
import { Op, PANEL, ROW } from '../plan';
import {
  firstOf, firstPanelBack, firstRow, firstRowBack, lastOf, lastPanelBack, lastRow, lastRowBack, panelsOf, rowsOf,
} from '../parts';

@unmanaged
export class Accumulate extends Op {
  dx: usize;
  /** The share of a further reader. */
  further: usize;
  columns: i32;
}

@unmanaged
export class AccumulateParameter extends Op {
  dw: usize;
  /** The share of a further place where the parameter is used. */
  further: usize;
  /** Rows of sixteen numbers. */
  rows: i32;
  /** Threads share them out so many at a time. */
  unit: i32;
}

@unmanaged
export class Merge extends Op {
  y: usize;
  a: usize;
  b: usize;
  columns: i32;
  kind: i32;
  /** What all is multiplied by. */
  scale: f32;
}

@unmanaged
export class MergeGradient extends Op {
  dx: usize;
  dy: usize;
  /** The one of the two that dx is of, and the other one. */
  x: usize;
  other: usize;
  columns: i32;
  kind: i32;
  /** 1 where x is the second. */
  second: i32;
  scale: f32;
}

@unmanaged
export class CopyColumns extends Op {
  y: usize;
  x: usize;
  /** Columns of y. */
  columns: i32;
  /** So many columns of x from this one on … */
  from: i32;
  /** … become those of y from this one on. */
  to: i32;
  count: i32;
  /** 1 where all others of y become 0. */
  alone: i32;
}

/** dx[B,C] += further[B,C] */
export function accumulate(r: Accumulate): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  for (let panel = firstPanelBack(r, panels), last = lastPanelBack(r, panels); panel < last; panel++) {
    const start = <usize>(panel * rows + firstRowBack(r)) * ROW;
    addTo(r.dx, r.further, start, <usize>(panel * rows + lastRowBack(r)) * ROW);
  }
}

/** dw += further over one flat region, shared out as the gradient itself. */
export function accumulateParameter(r: AccumulateParameter): void {
  addTo(r.dw, r.further, <usize>firstOf(r.rows, r.unit) * ROW, <usize>lastOf(r.rows, r.unit) * ROW);
}

function addTo(sum: usize, further: usize, start: usize, end: usize): void {
  for (let at = start; at < end; at += 16) {
    v128.store(sum + at, f32x4.add(v128.load(sum + at), v128.load(further + at)));
  }
}

/** y[B,C] = scale · f(a, b); y and a may be the same place. */
export function mergeForward(r: Merge): void {
  switch (r.kind) {
    case MergeKind.add: forward<Add>(r); break;
    case MergeKind.subtract: forward<Subtract>(r); break;
    case MergeKind.multiply: forward<Multiply>(r); break;
    case MergeKind.maximum: forward<Maximum>(r); break;
  }
}

/** dx[B,C] = scale · dy · ∂f/∂x */
export function mergeGradient(r: MergeGradient): void {
  switch (r.kind) {
    case MergeKind.add: backward<Add>(r); break;
    case MergeKind.subtract: backward<Subtract>(r); break;
    case MergeKind.multiply: backward<Multiply>(r); break;
    case MergeKind.maximum: backward<Maximum>(r); break;
  }
}

/** `gradient` is dy · ∂f/∂x, x being the first of the two or the `second`. */
class Add {
  forward(a: v128, b: v128): v128 { return f32x4.add(a, b); }
  gradient(dy: v128, x: v128, other: v128, second: bool): v128 { return dy; }
}

class Subtract {
  forward(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
  gradient(dy: v128, x: v128, other: v128, second: bool): v128 { return second ? f32x4.neg(dy) : dy; }
}

class Multiply {
  forward(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
  gradient(dy: v128, x: v128, other: v128, second: bool): v128 { return f32x4.mul(dy, other); }
}

/** Of equal ones the first is the larger. */
class Maximum {
  forward(a: v128, b: v128): v128 { return f32x4.max(a, b); }
  gradient(dy: v128, x: v128, other: v128, second: bool): v128 {
    return v128.and(dy, second ? f32x4.gt(x, other) : f32x4.ge(x, other));
  }
}

/** Forward, a thread takes its rows of every panel. */
function forward<M>(r: Merge): void {
  const f = changetype<M>(0);
  const scale = f32x4.splat(r.scale);
  const rows = rowsOf(r);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    const end = <usize>(panel * rows + lastRow(r)) * ROW;
    for (let at = <usize>(panel * rows + firstRow(r)) * ROW; at < end; at += 16) {
      v128.store(r.y + at, f32x4.mul(f.forward(v128.load(r.a + at), v128.load(r.b + at)), scale));
    }
  }
}

function backward<M>(r: MergeGradient): void {
  const f = changetype<M>(0);
  const scale = f32x4.splat(r.scale);
  const second = r.second != 0;
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  for (let panel = firstPanelBack(r, panels), last = lastPanelBack(r, panels); panel < last; panel++) {
    const end = <usize>(panel * rows + lastRowBack(r)) * ROW;
    for (let at = <usize>(panel * rows + firstRowBack(r)) * ROW; at < end; at += 16) {
      const dx = f.gradient(v128.load(r.dy + at), v128.load(r.x + at), v128.load(r.other + at), second);
      v128.store(r.dx + at, f32x4.mul(dx, scale));
    }
  }
}

/** y[B,C]'s columns from `to` on = x's from `from` on; after the last column y is 0. */
export function copyColumns(r: CopyColumns): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  const first = r.alone ? 0 : r.to;
  const stop = r.to + r.count;
  // The padding behind the last column belongs to it.
  const last = r.alone || stop == r.columns ? panelsOf(r.columns) * PANEL : stop;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const x = r.x + <usize>row * ROW;
    const y = r.y + <usize>row * ROW;
    let column = first;
    while (column < last) {
      const to = y + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
      const source = column - r.to + r.from;
      const isWhole = (column & 3) == 0 && (source & 3) == 0;
      if (isWhole && column >= r.to && column + 4 <= stop) {
        v128.store(to, v128.load(x + <usize>(source / PANEL) * panelBytes + ((source % PANEL) << 2)));
        column += 4;
        continue;
      }
      let value: f32 = 0;
      if (column >= r.to && column < stop) {
        value = load<f32>(x + <usize>(source / PANEL) * panelBytes + ((source % PANEL) << 2));
      }
      store<f32>(to, value);
      column++;
    }
  }
}
