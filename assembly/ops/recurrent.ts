// Recurrent layers (Elman 1990; Hochreiter and Schmidhuber 1997; Cho et al. 2014). The products with all inputs are
// made by a dense layer's op; what is left is to go from step to step: z + h · u, and from these sums to the next h. A
// thread takes samples, and all of their steps.
//
// Gates lie side by side, `units` columns each: lstm i, f, g, o; gru z, r, h.
import { RecurrentKind } from '../../src/plan/opcodes';
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { multiplyApart, multiplyTransposed } from '../simd/gemm';
import { columnMask } from '../simd/lanes';
import { flushed, one, sigmoid, tanh } from '../simd/math';
import { columnAt, copyRow, putFour, takeFour } from './columns';

@unmanaged
export class Recurrent extends Op {
  /** The state after each step. */
  h: usize;
  /** The sums of inputs and bias; afterwards the gates. */
  z: usize;
  u: usize;
  /** The bias of what is multiplied by u, for each gate; or 0. */
  b: usize;
  /** lstm: the cell after each step; gru: what its last gate multiplies by u, or where it resets after, h · u + b. */
  c: usize;
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  units: i32;
  kind: i32;
  paired: i32;
  /** By which input's lengths steps end, counted from 1; 0 where they all count. What is beyond is 0. */
  lengths: i32;
  /** Where there is one step: 1 where what it begins with is what h and c hold. */
  carries: i32;
}

@unmanaged
export class RecurrentGradient extends Op {
  h: usize;
  /** The gates; where a gru resets before, afterwards its last gate's gradient alone. */
  z: usize;
  u: usize;
  c: usize;
  dh: usize;
  /** The gradient of the sums; and of those with u, which are others in a gru. */
  dz: usize;
  du: usize;
  scratch: usize;
  scratchBytes: i32;
  units: i32;
  kind: i32;
  paired: i32;
}

// @ts-ignore: decorator
@inline
function gatesOf(kind: i32): i32 {
  return kind == RecurrentKind.simple ? 1 : kind == RecurrentKind.lstm ? 4 : 3;
}

/** Four units' numbers, 0 beyond the last unit. */
// @ts-ignore: decorator
@inline
function putUnits(row: usize, stride: usize, unit: i32, units: i32, value: v128): void {
  v128.store(columnAt(row, stride, unit), v128.and(value, columnMask(unit, units)));
}

/** The state of a step so many before, or of the cell: 0 before the first step, whose `back` is below 0. */
// @ts-ignore: decorator
@inline
function earlier(row: usize, stride: usize, unit: i32, back: i32): v128 {
  return back < 0 ? f32x4.splat(0) : v128.load(columnAt(row - <usize>back * ROW, stride, unit));
}

/** A step's rows of so many samples, from sample `first` on, as a matrix of their own; zeros before the first step. */
function takeStep(
  to: usize,
  value: usize,
  rows: i32,
  steps: i32,
  step: i32,
  first: i32,
  count: i32,
  columns: i32,
): void {
  for (let panel = 0; panel < panelsOf(columns); panel++) {
    for (let k = 0; k < count; k++) {
      const from = step < 0 ? 0 : value + <usize>(panel * rows + (first + k) * steps + step) * ROW;
      copyRow(to + <usize>(panel * count + k) * ROW, from);
    }
  }
}

/** Copies a row's panels, or where `from` is 0 clears them. */
function copyPanels(to: usize, toStride: usize, from: usize, fromStride: usize, columns: i32): void {
  for (let panel: usize = 0; panel < <usize>panelsOf(columns); panel++) {
    copyRow(to + panel * toStride, from ? from + panel * fromStride : 0);
  }
}

/** h, and what the way back needs, from z and u; shared out by samples. The record's positions are the steps. */
export function recurrentForward(r: Recurrent): void {
  const rows = rowsOf(r);
  const steps = r.positions;
  const first = firstRow(r) / steps;
  const count = lastRow(r) / steps - first;
  if (count <= 0) return;
  const units = r.units;
  const kind = r.kind;
  const panels = panelsOf(gatesOf(kind) * units);
  const stride = <usize>rows * ROW;
  const own = <usize>count * ROW;
  const before = r.scratch + partNumber() * r.scratchBytes;
  const sums = before + <usize>panelsOf(units) * own;
  const paired = r.paired != 0;
  const c = controlsOf(r);
  for (let step = 0; step < steps; step++) {
    // How far back the state before lies.
    const back = r.carries ? 0 : step == 0 ? -1 : 1;
    takeStep(before, r.h, rows, steps, r.carries ? step : step - 1, first, count, units);
    multiplyApart(sums, count, before, r.u, r.b, count, count, units, 0, panels, -Infinity, paired);
    if (kind == RecurrentKind.gruBefore) {
      // Both gates, and r · h in the place of h, whose product the last gate takes.
      for (let k = 0; k < count; k++) {
        const place = <usize>((first + k) * steps + step) * ROW;
        const z = r.z + place;
        const s = sums + k * ROW;
        for (let unit = 0; unit < panelsOf(units) * PANEL; unit += 4) {
          let kept = f32x4.splat(0);
          if (unit < units) {
            const reset = sigmoid(f32x4.add(takeFour(z, stride, units + unit), takeFour(s, own, units + unit)));
            const update = sigmoid(f32x4.add(takeFour(z, stride, unit), takeFour(s, own, unit)));
            putFour(z, stride, unit, units, update);
            putFour(z, stride, units + unit, 2 * units, reset);
            kept = f32x4.mul(v128.load(columnAt(before + k * ROW, own, unit)), reset);
          }
          putUnits(before + k * ROW, own, unit, units, kept);
          putUnits(r.c + place, stride, unit, units, kept);
        }
      }
      multiplyApart(sums, count, before, r.u, 0, count, count, units, 0, panels, -Infinity, paired);
    }
    for (let k = 0; k < count; k++) {
      const place = <usize>((first + k) * steps + step) * ROW;
      const z = r.z + place;
      const h = r.h + place;
      const cell = r.c + place;
      const s = sums + k * ROW;
      if (step >= lengthOf(c, first + k, r.lengths, steps)) {
        copyPanels(h, stride, 0, 0, units);
        copyPanels(z, stride, 0, 0, gatesOf(kind) * units);
        if (kind != RecurrentKind.simple) copyPanels(cell, stride, 0, 0, units);
        continue;
      }
      for (let unit = 0; unit < panelsOf(units) * PANEL; unit += 4) {
        if (unit >= units) {
          v128.store(columnAt(h, stride, unit), f32x4.splat(0));
          if (kind != RecurrentKind.simple) v128.store(columnAt(cell, stride, unit), f32x4.splat(0));
          continue;
        }
        let next: v128;
        const a = f32x4.add(takeFour(z, stride, unit), takeFour(s, own, unit));
        if (kind == RecurrentKind.simple) next = tanh(a);
        else if (kind == RecurrentKind.lstm) {
          const input = sigmoid(a);
          const forget = sigmoid(f32x4.add(takeFour(z, stride, units + unit), takeFour(s, own, units + unit)));
          const made = tanh(f32x4.add(takeFour(z, stride, 2 * units + unit), takeFour(s, own, 2 * units + unit)));
          const gate = 3 * units + unit;
          const output = sigmoid(f32x4.add(takeFour(z, stride, gate), takeFour(s, own, gate)));
          const state = f32x4.add(f32x4.mul(forget, earlier(cell, stride, unit, back)), f32x4.mul(input, made));
          putUnits(cell, stride, unit, units, state);
          next = f32x4.mul(output, tanh(state));
          putFour(z, stride, unit, units, input);
          putFour(z, stride, units + unit, 2 * units, forget);
          putFour(z, stride, 2 * units + unit, 3 * units, made);
          putFour(z, stride, 3 * units + unit, 4 * units, output);
        } else {
          let update = takeFour(z, stride, unit);
          let product = takeFour(s, own, 2 * units + unit);
          if (kind == RecurrentKind.gruAfter) {
            update = sigmoid(a);
            const reset = sigmoid(f32x4.add(takeFour(z, stride, units + unit), takeFour(s, own, units + unit)));
            putFour(z, stride, unit, units, update);
            putFour(z, stride, units + unit, 2 * units, reset);
            putUnits(cell, stride, unit, units, product);
            product = f32x4.mul(reset, product);
          }
          const made = tanh(f32x4.add(takeFour(z, stride, 2 * units + unit), product));
          putFour(z, stride, 2 * units + unit, 3 * units, made);
          next = f32x4.add(made, f32x4.mul(update, f32x4.sub(earlier(h, stride, unit, back), made)));
        }
        putUnits(h, stride, unit, units, next);
      }
    }
  }
}

/** g · s · (1 − s): back through a logistic function of value s. What fades over steps is without denormals. */
// @ts-ignore: decorator
@inline
function backSigmoid(g: v128, s: v128): v128 {
  return flushed(f32x4.mul(g, f32x4.mul(s, f32x4.sub(one(), s))));
}

/** g · (1 − t²): back through a tanh of value t. */
// @ts-ignore: decorator
@inline
function backTanh(g: v128, t: v128): v128 {
  return flushed(f32x4.mul(g, f32x4.sub(one(), f32x4.mul(t, t))));
}

/** dz from dh, the last step first; shared out by samples. The record's positions are the steps. */
export function recurrentGradient(r: RecurrentGradient): void {
  const rows = rowsOf(r);
  const steps = r.positions;
  const first = firstRow(r) / steps;
  const count = lastRow(r) / steps - first;
  if (count <= 0) return;
  const units = r.units;
  const kind = r.kind;
  const width = gatesOf(kind) * units;
  const stride = <usize>rows * ROW;
  const own = <usize>count * ROW;
  const bytes = <usize>panelsOf(units) * own;
  const paired = r.paired != 0;
  // What comes from the step behind: dh through u, dh beside it, and dc; then the sums' gradients, and room.
  const back = r.scratch + partNumber() * r.scratchBytes;
  const direct = back + bytes;
  const cells = direct + bytes;
  const sums = cells + bytes;
  const room = sums + <usize>panelsOf(width) * own;
  memory.fill(back, 0, 3 * bytes);
  for (let step = steps - 1; step >= 0; step--) {
    const before = step == 0 ? -1 : 1;
    for (let k = 0; k < count; k++) {
      const place = <usize>((first + k) * steps + step) * ROW;
      const z = r.z + place;
      const h = r.h + place;
      const c = r.c + place;
      const dz = r.dz + place;
      const shift = <usize>k * ROW;
      const s = sums + shift;
      copyPanels(dz, stride, 0, 0, width);
      copyPanels(s, own, 0, 0, width);
      for (let unit = 0; unit < units; unit += 4) {
        const old = earlier(h, stride, unit, before);
        const given = v128.load(columnAt(r.dh + place, stride, unit));
        const g = f32x4.add(given, v128.load(columnAt(back + shift, own, unit)));
        const a = takeFour(z, stride, unit);
        if (kind == RecurrentKind.simple) {
          putFour(dz, stride, unit, units, backTanh(g, v128.load(columnAt(h, stride, unit))));
        } else if (kind == RecurrentKind.lstm) {
          const forget = takeFour(z, stride, units + unit);
          const cell = takeFour(z, stride, 2 * units + unit);
          const output = takeFour(z, stride, 3 * units + unit);
          const state = tanh(v128.load(columnAt(c, stride, unit)));
          const through = backTanh(f32x4.mul(g, output), state);
          const dc = f32x4.add(v128.load(columnAt(cells + shift, own, unit)), through);
          putFour(dz, stride, unit, units, backSigmoid(f32x4.mul(dc, cell), a));
          const kept = earlier(c, stride, unit, before);
          putFour(dz, stride, units + unit, 2 * units, backSigmoid(f32x4.mul(dc, kept), forget));
          putFour(dz, stride, 2 * units + unit, 3 * units, backTanh(f32x4.mul(dc, a), cell));
          putFour(dz, stride, 3 * units + unit, 4 * units, backSigmoid(f32x4.mul(g, state), output));
          putUnits(cells + shift, own, unit, units, flushed(f32x4.mul(dc, forget)));
        } else {
          const reset = takeFour(z, stride, units + unit);
          const made = takeFour(z, stride, 2 * units + unit);
          const dMade = backTanh(f32x4.mul(g, f32x4.sub(one(), a)), made);
          putFour(dz, stride, unit, units, backSigmoid(f32x4.mul(g, f32x4.sub(old, made)), a));
          putFour(dz, stride, 2 * units + unit, 3 * units, dMade);
          putUnits(direct + shift, own, unit, units, f32x4.mul(g, a));
          let through = dMade;
          if (kind == RecurrentKind.gruAfter) {
            const product = v128.load(columnAt(c, stride, unit));
            putFour(dz, stride, units + unit, 2 * units, backSigmoid(f32x4.mul(dMade, product), reset));
            through = flushed(f32x4.mul(dMade, reset));
          }
          putFour(s, own, 2 * units + unit, 3 * units, through);
        }
      }
      if (kind == RecurrentKind.gruBefore) continue;
      // A gru's last gate is what was put there; all others go back as they are.
      const same = kind == RecurrentKind.gruAfter ? 2 * units : width;
      for (let column = 0; column < same; column += 4) putFour(s, own, column, same, takeFour(dz, stride, column));
      if (kind == RecurrentKind.gruAfter) copyPanels(r.du + place, stride, s, own, width);
    }
    multiplyTransposed(back, sums, r.u, 0, room, count, units, width, 0, panelsOf(units), paired);
    if (kind == RecurrentKind.gruBefore) {
      // back is the gradient of r · h: r has its share of it, and h what is left; then both gates go back through u.
      for (let k = 0; k < count; k++) {
        const place = <usize>((first + k) * steps + step) * ROW;
        const shift = <usize>k * ROW;
        const z = r.z + place;
        const dz = r.dz + place;
        for (let unit = 0; unit < units; unit += 4) {
          const reset = takeFour(z, stride, units + unit);
          const g = v128.load(columnAt(back + shift, own, unit));
          const old = earlier(r.h + place, stride, unit, before);
          putFour(dz, stride, units + unit, 2 * units, backSigmoid(f32x4.mul(g, old), reset));
          const kept = f32x4.add(v128.load(columnAt(direct + shift, own, unit)), f32x4.mul(g, reset));
          putUnits(direct + shift, own, unit, units, kept);
        }
        copyPanels(sums + shift, own, 0, 0, width);
        for (let column = 0; column < 2 * units; column += 4) {
          putFour(sums + shift, own, column, 2 * units, takeFour(dz, stride, column));
        }
        copyPanels(r.du + place, stride, sums + shift, own, width);
        copyPanels(z, stride, 0, 0, width);
        for (let unit = 0; unit < units; unit += 4) {
          putFour(z, stride, 2 * units + unit, 3 * units, takeFour(dz, stride, 2 * units + unit));
        }
      }
      multiplyTransposed(back, sums, r.u, 0, room, count, units, width, 0, panelsOf(units), paired);
    }
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(back + i, flushed(f32x4.add(v128.load(back + i), v128.load(direct + i))));
    }
  }
}
