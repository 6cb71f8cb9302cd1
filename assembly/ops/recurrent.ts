// Recurrent layers (Elman 1990; Hochreiter and Schmidhuber 1997; Cho et al. 2014). The products with all inputs are
// made by a dense layer's op; what is left is to go from step to step: z + h · u, and from these sums to the next h. A
// thread takes samples, and all of their steps.
//
// Rows of all values lie step by step, each of all samples: what a step touches lies in few pages and streams, where
// sample by sample each of its rows would lie in another page.
//
// Gates lie side by side, `units` columns each: lstm i, f, g, o; gru z, r, h.
import { RecurrentKind } from '../../src/plan/opcodes';
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { multiply, turn } from '../simd/gemm';
import { columnMask, madd } from '../simd/lanes';
import { flushed, gateTanh, half, one } from '../simd/math';
import { columnAt, copyRow, putFour, takeFour, takeLanes } from './columns';

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
  /** As it was; where a gru resets after, afterwards the gradient of its last gate's sums with u. */
  c: usize;
  dh: usize;
  /** The gradient of the sums, which may take the place of z; and where a gru resets before, of those with u. */
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

/** Copies the panels of so many rows, or where `from` is 0 clears them. */
function copyPanels(to: usize, toStride: usize, from: usize, fromStride: usize, columns: i32, rows: i32 = 1): void {
  for (let panel = panelsOf(columns); panel > 0; panel--) {
    for (let row = <usize>rows * ROW; row > 0; row -= ROW) copyRow(to + row - ROW, from ? from + row - ROW : 0);
    to += toStride;
    if (from) from += fromStride;
  }
}

/**
 * z = f(z + sums) of the gates in the first `columns` columns of so many samples: f is tanh for columns from `from` up
 * to, not with, `to`, and the logistic function for others.
 */
function openGates(
  z: usize,
  stride: usize,
  sums: usize,
  count: i32,
  columns: i32,
  from: i32,
  to: i32,
): void {
  for (let column = 0; column < columns; column += 4) {
    const inside = columnMask(column, columns);
    // The logistic function is half of 1 + tanh of half of what it is given.
    const isTanh = v128.andnot(columnMask(column, to), columnMask(column, from));
    const scale = v128.bitselect(one(), half(), isTanh);
    const shift = v128.andnot(half(), isTanh);
    let gate = columnAt(z, stride, column);
    let s = columnAt(sums, <usize>count * ROW, column);
    for (const end = s + <usize>count * ROW; s < end; s += ROW) {
      const sum = v128.load(gate);
      const opened = madd(gateTanh(f32x4.mul(f32x4.add(sum, v128.load(s)), scale)), scale, shift);
      v128.store(gate, v128.bitselect(opened, sum, inside));
      gate += ROW;
    }
  }
}

/** From one gate to the next, where each begins a panel; else 0, and columns have to be looked for. */
// @ts-ignore: decorator
@inline
function gateBytes(units: i32, stride: usize): usize {
  return !isDefined(FORWARD_ONLY) && units % PANEL == 0 ? <usize>(units / PANEL) * stride : 0;
}

/** The next h of a sample, and cell, from its gates, its sums and what was `back` rows before. */
function goOn(r: Recurrent, place: usize, stride: usize, sums: usize, own: usize, back: i32): void {
  const units = r.units;
  const kind = r.kind;
  const z = r.z + place;
  const h = r.h + place;
  const cell = r.c + place;
  for (let unit = 0; unit < panelsOf(units) * PANEL; unit += 4) {
    if (unit >= units) {
      v128.store(columnAt(h, stride, unit), f32x4.splat(0));
      if (kind != RecurrentKind.simple) v128.store(columnAt(cell, stride, unit), f32x4.splat(0));
      continue;
    }
    const first = v128.load(columnAt(z, stride, unit));
    let opened = first;
    let a: v128;
    if (kind == RecurrentKind.simple) a = f32x4.add(first, takeFour(sums, own, unit));
    else if (kind == RecurrentKind.lstm) {
      opened = takeLanes(z, stride, 3 * units + unit);
      const kept = f32x4.mul(takeLanes(z, stride, units + unit), earlier(cell, stride, unit, back));
      a = f32x4.add(kept, f32x4.mul(first, takeLanes(z, stride, 2 * units + unit)));
      putUnits(cell, stride, unit, units, a);
    } else {
      let product = takeFour(sums, own, 2 * units + unit);
      if (kind == RecurrentKind.gruAfter) {
        putUnits(cell, stride, unit, units, product);
        product = f32x4.mul(takeFour(z, stride, units + unit), product);
      }
      a = f32x4.add(takeFour(z, stride, 2 * units + unit), product);
    }
    let next = gateTanh(a);
    if (kind == RecurrentKind.lstm) next = f32x4.mul(opened, next);
    else if (kind != RecurrentKind.simple) {
      putFour(z, stride, 2 * units + unit, 3 * units, next);
      next = f32x4.add(next, f32x4.mul(opened, f32x4.sub(earlier(h, stride, unit, back), next)));
    }
    putUnits(h, stride, unit, units, next);
  }
}

/**
 * The next h, and cell, of an lstm whose gates begin panels, for the units of one: numbers lie in runs, and so nothing
 * is looked for. Gates are `gate` bytes apart. A run of `kept` are the cells before; `isKept` is all ones but at the
 * first step, which has none.
 */
function goOnPanel(z: usize, gate: usize, c: usize, kept: usize, isKept: i32, h: usize, end: usize): void {
  for (; h < end; h += 16) {
    const before = f32x4.mul(v128.load(z + gate), v128.and(v128.load(kept), i32x4.splat(isKept)));
    const state = f32x4.add(before, f32x4.mul(v128.load(z), v128.load(z + 2 * gate)));
    v128.store(c, state);
    v128.store(h, f32x4.mul(v128.load(z + 3 * gate), gateTanh(state)));
    z += 16;
    c += 16;
    kept += 16;
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
  const samples = rows / steps;
  const before = r.scratch + partNumber() * r.scratchBytes;
  const sums = before + <usize>panelsOf(units) * own;
  const paired = r.paired;
  const c = controlsOf(r);
  const gate = kind == RecurrentKind.lstm ? gateBytes(units, stride) : 0;
  for (let step = 0; step < steps; step++) {
    // How far back the state before lies.
    const back = r.carries ? 0 : step == 0 ? -1 : samples;
    const start = <usize>(step * samples + first) * ROW;
    copyPanels(before, own, back < 0 ? 0 : r.h + start - <usize>back * ROW, stride, units, count);
    multiply(sums, count, before, r.u, r.b, count, count, units, 0, panels, -Infinity, paired);
    // All gates of an lstm, whose third is a tanh, and two of a gru.
    const opened = kind == RecurrentKind.simple ? 0 : kind == RecurrentKind.lstm ? 4 : 2;
    openGates(r.z + start, stride, sums, count, opened * units, 2 * units, (opened - 1) * units);
    if (gate) {
      const isKept = back < 0 ? 0 : -1;
      for (let at = start, end = start + <usize>panelsOf(units) * stride; at < end; at += stride) {
        const cells = r.c + at;
        goOnPanel(r.z + at, gate, cells, cells - <usize>max(back, 0) * ROW, isKept, r.h + at, r.h + at + own);
      }
    }
    if (kind == RecurrentKind.gruBefore) {
      // r · h in the place of h, whose product the last gate takes.
      for (let k: usize = 0; k < <usize>count; k++) {
        const place = start + k * ROW;
        for (let unit = 0; unit < panelsOf(units) * PANEL; unit += 4) {
          const state = columnAt(before + k * ROW, own, unit);
          const reset = unit < units ? takeFour(r.z + place, stride, units + unit) : f32x4.splat(0);
          const kept = v128.and(f32x4.mul(v128.load(state), reset), columnMask(unit, units));
          v128.store(state, kept);
          v128.store(columnAt(r.c + place, stride, unit), kept);
        }
      }
      multiply(sums, count, before, r.u, 0, count, count, units, 0, panels, -Infinity, paired);
    }
    for (let k: usize = 0; k < <usize>count; k++) {
      const place = start + k * ROW;
      if (step < lengthOf(c, first + <i32>k, r.lengths, steps)) {
        if (!gate) goOn(r, place, stride, sums + k * ROW, own, back);
        continue;
      }
      copyPanels(r.h + place, stride, 0, 0, units);
      copyPanels(r.z + place, stride, 0, 0, gatesOf(kind) * units);
      if (kind != RecurrentKind.simple) copyPanels(r.c + place, stride, 0, 0, units);
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

/** dz of a step of so many samples from dh and what comes from the step behind; and the sums' gradient. */
function goBack(
  r: RecurrentGradient, start: usize, count: i32, stride: usize,
  back: usize, own: usize, bytes: usize, sums: usize, before: i32,
): void {
  const units = r.units;
  const kind = r.kind;
  const width = gatesOf(kind) * units;
  const direct = back + bytes;
  const cells = direct + bytes;
  const gate = gateBytes(units, stride);
  // What of the sums' gradient is that of z.
  const isOther = kind == RecurrentKind.gruBefore;
  const end = (width - 1) & -PANEL;
  copyPanels(isOther ? sums : columnAt(sums, own, end), own, 0, 0, isOther ? width : 1, count);
  if (r.dz != r.z) copyPanels(columnAt(r.dz + start, stride, end), stride, 0, 0, 1, count);
  if (kind == RecurrentKind.lstm && gate) {
    const isKept = before < 0 ? 0 : -1;
    for (let panel: usize = 0; panel < <usize>panelsOf(units); panel++) {
      const at = start + panel * stride;
      const mine = back + panel * own;
      const c = r.c + at;
      const kept = c - <usize>max(before, 0) * ROW;
      goBackPanel(r.z + at, gate, c, kept, isKept, r.dh + at, mine, bytes, sums + panel * own, mine + own);
    }
    return;
  }
  for (let row: usize = 0; row < own; row += ROW) {
    const place = start + row;
    const z = r.z + place;
    const dz = r.dz + place;
    const s = sums + row;
    for (let unit = 0; unit < units; unit += 4) {
      const at = columnAt(0, stride, unit);
      const inside = columnAt(row, own, unit);
      const c = r.c + place + at;
      const behind = flushed(f32x4.add(v128.load(back + inside), v128.load(direct + inside)));
      const g = f32x4.add(v128.load(r.dh + place + at), behind);
      const a = v128.load(z + at);
      let da: v128;
      if (kind == RecurrentKind.simple) da = backTanh(g, v128.load(r.h + place + at));
      else if (kind == RecurrentKind.lstm) {
        const forget = takeLanes(z, stride, units + unit);
        const cell = takeLanes(z, stride, 2 * units + unit);
        const output = takeLanes(z, stride, 3 * units + unit);
        const state = gateTanh(v128.load(c));
        const dc = f32x4.add(v128.load(cells + inside), backTanh(f32x4.mul(g, output), state));
        const kept = before < 0 ? f32x4.splat(0) : v128.load(c - <usize>before * ROW);
        da = backSigmoid(f32x4.mul(dc, cell), a);
        putBoth(dz, stride, s, own, 1, units, unit, backSigmoid(f32x4.mul(dc, kept), forget));
        putBoth(dz, stride, s, own, 2, units, unit, backTanh(f32x4.mul(dc, a), cell));
        putBoth(dz, stride, s, own, 3, units, unit, backSigmoid(f32x4.mul(g, state), output));
        v128.store(cells + inside, v128.and(flushed(f32x4.mul(dc, forget)), columnMask(unit, units)));
      } else {
        const made = takeFour(z, stride, 2 * units + unit);
        let through = backTanh(f32x4.mul(g, f32x4.sub(one(), a)), made);
        da = backSigmoid(f32x4.mul(g, f32x4.sub(earlier(r.h + place, stride, unit, before), made)), a);
        putFour(dz, stride, 2 * units + unit, 3 * units, through);
        putUnits(direct + row, own, unit, units, f32x4.mul(g, a));
        if (!isOther) {
          const reset = takeFour(z, stride, units + unit);
          const dReset = backSigmoid(f32x4.mul(through, v128.load(c)), reset);
          putBoth(dz, stride, s, own, 1, units, unit, dReset);
          through = flushed(f32x4.mul(through, reset));
          putUnits(r.c + place, stride, unit, units, through);
        }
        putFour(s, own, 2 * units + unit, 3 * units, through);
      }
      if (isOther) putFour(dz, stride, unit, units, da);
      else putBoth(dz, stride, s, own, 0, units, unit, da);
    }
  }
}

/**
 * goBack of an lstm whose gates begin panels, for the units of one: numbers lie in runs, and so nothing is looked for.
 * Gates are `gate` bytes apart, their sums' gradients `bytes`, as is what comes from the step behind. A run of `kept`
 * are the cells before; `isKept` is all ones but at the first step, which has none.
 */
function goBackPanel(
  z: usize, gate: usize, c: usize, kept: usize, isKept: i32, dh: usize,
  back: usize, bytes: usize, s: usize, end: usize,
): void {
  for (; back < end; back += 16) {
    const g = f32x4.add(v128.load(dh), flushed(v128.load(back)));
    const a = v128.load(z);
    const forget = v128.load(z + gate);
    const cell = v128.load(z + 2 * gate);
    const output = v128.load(z + 3 * gate);
    const state = gateTanh(v128.load(c));
    const dc = f32x4.add(v128.load(back + 2 * bytes), backTanh(f32x4.mul(g, output), state));
    const da = backSigmoid(f32x4.mul(dc, cell), a);
    const df = backSigmoid(f32x4.mul(dc, v128.and(v128.load(kept), i32x4.splat(isKept))), forget);
    const dg = backTanh(f32x4.mul(dc, a), cell);
    const dOut = backSigmoid(f32x4.mul(g, state), output);
    v128.store(z, da);
    v128.store(s, da);
    v128.store(z + gate, df);
    v128.store(s + bytes, df);
    v128.store(z + 2 * gate, dg);
    v128.store(s + 2 * bytes, dg);
    v128.store(z + 3 * gate, dOut);
    v128.store(s + 3 * bytes, dOut);
    v128.store(back + 2 * bytes, flushed(f32x4.mul(dc, forget)));
    z += 16;
    c += 16;
    kept += 16;
    dh += 16;
    s += 16;
  }
}

/** Writes the same of a gate to both. */
// @ts-ignore: decorator
@inline
function putBoth(dz: usize, stride: usize, s: usize, own: usize, gate: i32, units: i32, unit: i32, value: v128): void {
  const end = (gate + 1) * units;
  putFour(dz, stride, gate * units + unit, end, value);
  putFour(s, own, gate * units + unit, end, value);
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
  const panels = panelsOf(units);
  const width = gatesOf(kind) * units;
  const stride = <usize>rows * ROW;
  const own = <usize>count * ROW;
  const bytes = <usize>panels * own;
  const paired = r.paired;
  // What comes from the step behind: dh through u, dh beside it, and dc; then the sums' gradients, and uᵀ.
  const back = r.scratch + partNumber() * r.scratchBytes;
  const direct = back + bytes;
  const sums = direct + 2 * bytes;
  const turned = sums + <usize>panelsOf(width) * own;
  const samples = rows / steps;
  memory.fill(back, 0, 3 * bytes);
  for (let panel = 0; panel < panels; panel++) {
    const u = r.u + <usize>(panel * PANEL) * ROW;
    turn(turned + <usize>(panel * width) * ROW, u, <usize>units * ROW, 0, units - panel * PANEL, width);
  }
  for (let step = steps - 1; step >= 0; step--) {
    const before = step == 0 ? -1 : samples;
    const start = <usize>(step * samples + first) * ROW;
    goBack(r, start, count, stride, back, own, bytes, sums, before);
    multiply(back, count, sums, turned, 0, count, count, width, 0, panels, -Infinity, paired);
    if (kind == RecurrentKind.gruBefore) {
      // back is the gradient of r · h: r has its share of it, and h what is left; then both gates go back through u.
      for (let k = 0; k < count; k++) {
        const shift = <usize>k * ROW;
        const place = start + shift;
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
      multiply(back, count, sums, turned, 0, count, count, width, 0, panels, -Infinity, paired);
    }
  }
}
