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
import { multiply, PAIRS, turn } from '../simd/gemm';
import { madd } from '../simd/lanes';
import { flushed, gateTanh, one } from '../simd/math';
import { copyRow, putColumns, takeColumns } from './columns';

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

/** Copies the panels of so many rows, or where `from` is 0 clears them. */
function copyPanels(to: usize, toStride: usize, from: usize, fromStride: usize, columns: i32, rows: i32 = 1): void {
  for (let panel = panelsOf(columns); panel > 0; panel--) {
    for (let row = <usize>rows * ROW; row > 0; row -= ROW) copyRow(to + row - ROW, from ? from + row - ROW : 0);
    to += toStride;
    if (from) from += fromStride;
  }
}

/** Bytes of the groups that are gone through at a time. */
const GROUPS: usize = PAIRS ? 32 : 16;

/** Of two groups the second one. */
// @ts-ignore: decorator
@inline
function second(from: usize): v128 {
  return PAIRS ? v128.load(from, 16) : f32x4.splat(0);
}

// @ts-ignore: decorator
@inline
function putSecond(to: usize, value: v128): void {
  if (PAIRS) v128.store(to, value, 16);
}

/** From one gate to the next, where each begins a panel; else 0, and always so where the binary is to be short. */
// @ts-ignore: decorator
@inline
function gateBytes(units: i32, stride: usize): usize {
  return PAIRS && units % PANEL == 0 ? <usize>(units / PANEL) * stride : 0;
}

/** Columns of each gate to panels of its own, `bytes` apart. */
function takeGates(to: usize, bytes: usize, z: usize, stride: usize, count: i32, gates: i32, units: i32): void {
  for (let gate = 0; gate < gates; gate++) {
    takeColumns(to + <usize>gate * bytes, z, stride, count, gate * units, units, 1);
  }
}

/** The way back of {@link takeGates}. */
function putGates(z: usize, stride: usize, from: usize, bytes: usize, count: i32, gates: i32, units: i32): void {
  for (let gate = 0; gate < gates; gate++) {
    putColumns(z, stride, from + <usize>gate * bytes, count, gate * units, units, 1);
  }
}

// What follows goes through the units of one panel in runs, two groups of four at a time: V8 packs what lies side by
// side where all is read before anything is written. Where tiles are not in pairs, there is no second group. On the way
// there they are a part of the loop over the steps: as functions they took a tenth to a fifth longer. Gates are `gate`
// bytes apart. A run of `kept` is what is left of the step before, or zeros.

/** z = f(z + sums): f is tanh where `scale` is 1, and the logistic function where it is ½. */
// @ts-ignore: decorator
@inline
function open(z: usize, sums: usize, bytes: usize, scale: f32): void {
  // The logistic function is half of 1 + tanh of half of what it is given.
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(1 - scale);
  for (const end = z + bytes; z < end; z += GROUPS) {
    const sum0 = f32x4.add(v128.load(z), v128.load(sums));
    const sum1 = f32x4.add(second(z), second(sums));
    const opened0 = madd(gateTanh(f32x4.mul(sum0, factor)), factor, shift);
    const opened1 = madd(gateTanh(f32x4.mul(sum1, factor)), factor, shift);
    v128.store(z, opened0);
    putSecond(z, opened1);
    sums += GROUPS;
  }
}

/** The next h, and cell, of an lstm. */
// @ts-ignore: decorator
@inline
function goOnLstm(z: usize, gate: usize, c: usize, kept: usize, h: usize, end: usize): void {
  for (; h < end; h += GROUPS) {
    const kept0 = f32x4.mul(v128.load(z + gate), v128.load(kept));
    const kept1 = f32x4.mul(second(z + gate), second(kept));
    const state0 = f32x4.add(kept0, f32x4.mul(v128.load(z), v128.load(z + 2 * gate)));
    const state1 = f32x4.add(kept1, f32x4.mul(second(z), second(z + 2 * gate)));
    const next0 = f32x4.mul(v128.load(z + 3 * gate), gateTanh(state0));
    const next1 = f32x4.mul(second(z + 3 * gate), gateTanh(state1));
    v128.store(c, state0);
    putSecond(c, state1);
    v128.store(h, next0);
    putSecond(h, next1);
    z += GROUPS;
    c += GROUPS;
    kept += GROUPS;
  }
}

/** The next h of a gru from its third gate's sums with u, which are reset; c becomes these. */
// @ts-ignore: decorator
@inline
function goOnGru(
  z: usize, reset: usize, made: usize, c: usize, kept: usize, h: usize, end: usize, sums: usize,
): void {
  for (; h < end; h += GROUPS) {
    const sum0 = v128.load(sums);
    const sum1 = second(sums);
    const made0 = gateTanh(f32x4.add(v128.load(made), f32x4.mul(v128.load(reset), sum0)));
    const made1 = gateTanh(f32x4.add(second(made), f32x4.mul(second(reset), sum1)));
    const next0 = f32x4.add(made0, f32x4.mul(v128.load(z), f32x4.sub(v128.load(kept), made0)));
    const next1 = f32x4.add(made1, f32x4.mul(second(z), f32x4.sub(second(kept), made1)));
    v128.store(c, sum0);
    putSecond(c, sum1);
    v128.store(made, made0);
    putSecond(made, made1);
    v128.store(h, next0);
    putSecond(h, next1);
    z += GROUPS;
    reset += GROUPS;
    made += GROUPS;
    c += GROUPS;
    kept += GROUPS;
    sums += GROUPS;
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
  const gates = gatesOf(kind);
  const panels = panelsOf(gates * units);
  const ownPanels = panelsOf(units);
  const stride = <usize>rows * ROW;
  const own = <usize>count * ROW;
  const bytes = <usize>ownPanels * own;
  const samples = rows / steps;
  const before = r.scratch + partNumber() * r.scratchBytes;
  const sums = before + bytes;
  const taken = sums + <usize>panels * own;
  const paired = r.paired;
  const controls = controlsOf(r);
  const resetsBefore = kind == RecurrentKind.gruBefore;
  const isGru = resetsBefore || kind == RecurrentKind.gruAfter;
  // All gates are opened first but a gru's last one. An lstm's third is a tanh, as is a simple layer's only one.
  const opened = (isGru ? 2 : gates) * ownPanels;
  const tanh = kind == RecurrentKind.simple ? 0 : 2;
  const gate = resetsBefore ? 0 : gateBytes(units, stride);
  const apart = gate ? gate : bytes;
  for (let step = 0; step < steps; step++) {
    // How far back the state before lies.
    const back = r.carries ? 0 : step == 0 ? -1 : samples;
    const past = <usize>max(back, 0) * ROW;
    const start = <usize>(step * samples + first) * ROW;
    copyPanels(before, own, back < 0 ? 0 : r.h + start - past, stride, units, count);
    multiply(sums, count, before, r.u, r.b, count, count, units, 0, panels, -Infinity, paired);
    let z = r.z + start;
    let s = sums;
    if (!gate) {
      takeGates(taken, bytes, z, stride, count, gates, units);
      z = taken;
      s = taken + <usize>gates * bytes;
      takeGates(s, bytes, sums, own, count, gates, units);
    }
    const high = gate ? stride : own;
    for (let panel = 0; panel < opened; panel++) {
      open(z + <usize>panel * high, s + <usize>panel * own, own, panel / ownPanels == tanh ? 1 : 0.5);
    }
    const last = s + <usize>(gates - 1) * bytes;
    if (resetsBefore) {
      // r · h in the place of h, whose product the last gate takes as it is.
      for (let at: usize = 0; at < bytes; at += 16) {
        v128.store(before + at, f32x4.mul(v128.load(before + at), v128.load(z + bytes + at)));
        v128.store(s + bytes + at, one());
      }
      copyPanels(r.c + start, stride, before, own, units, count);
      multiply(sums, count, before, r.u, 0, count, count, units, 0, panels, -Infinity, paired);
      takeColumns(last, sums, own, count, 2 * units, units, 1);
    }
    for (let panel: usize = 0; panel < <usize>ownPanels; panel++) {
      const at = start + panel * stride;
      const skip = panel * own;
      const h = r.h + at;
      const c = r.c + at;
      const gatesOfPanel = z + panel * high;
      // At the first step what was before is all 0.
      const kept = back < 0 ? before + skip : (isGru ? h : c) - past;
      if (kind == RecurrentKind.simple) memory.copy(h, gatesOfPanel, own);
      else if (isGru) {
        const reset = resetsBefore ? s + bytes + skip : gatesOfPanel + apart;
        const made = gatesOfPanel + 2 * apart;
        goOnGru(gatesOfPanel, reset, made, resetsBefore ? last + skip : c, kept, h, h + own, last + skip);
      } else goOnLstm(gatesOfPanel, apart, c, kept, h, h + own);
    }
    if (PAIRS && !gate) putGates(r.z + start, stride, z, bytes, count, gates, units);
    for (let k: usize = 0; k < <usize>count; k++) {
      if (step < lengthOf(controls, first + <i32>k, r.lengths, steps)) continue;
      const place = start + k * ROW;
      copyPanels(r.h + place, stride, 0, 0, units);
      if (PAIRS) copyPanels(r.z + place, stride, 0, 0, gates * units);
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

// In runs as on the way there. Sums' gradients are `bytes` apart, as is what comes from the step behind.

/** dz of a simple layer. */
function goBackSimple(z: usize, dh: usize, back: usize, s: usize, end: usize): void {
  for (; back < end; back += 16) {
    const dz = backTanh(f32x4.add(v128.load(dh), flushed(v128.load(back))), v128.load(z));
    v128.store(z, dz);
    v128.store(s, dz);
    z += 16;
    dh += 16;
    s += 16;
  }
}

/** dz of an lstm. */
function goBackLstm(
  z: usize, gate: usize, c: usize, kept: usize, dh: usize,
  back: usize, bytes: usize, s: usize, end: usize,
): void {
  for (; back < end; back += 32) {
    const g0 = f32x4.add(v128.load(dh), flushed(v128.load(back)));
    const g1 = f32x4.add(v128.load(dh, 16), flushed(v128.load(back, 16)));
    const i0 = v128.load(z);
    const i1 = v128.load(z, 16);
    const f0 = v128.load(z + gate);
    const f1 = v128.load(z + gate, 16);
    const made0 = v128.load(z + 2 * gate);
    const made1 = v128.load(z + 2 * gate, 16);
    const o0 = v128.load(z + 3 * gate);
    const o1 = v128.load(z + 3 * gate, 16);
    const state0 = gateTanh(v128.load(c));
    const state1 = gateTanh(v128.load(c, 16));
    const dc0 = f32x4.add(v128.load(back + bytes), backTanh(f32x4.mul(g0, o0), state0));
    const dc1 = f32x4.add(v128.load(back + bytes, 16), backTanh(f32x4.mul(g1, o1), state1));
    const di0 = backSigmoid(f32x4.mul(dc0, made0), i0);
    const di1 = backSigmoid(f32x4.mul(dc1, made1), i1);
    const df0 = backSigmoid(f32x4.mul(dc0, v128.load(kept)), f0);
    const df1 = backSigmoid(f32x4.mul(dc1, v128.load(kept, 16)), f1);
    const dMade0 = backTanh(f32x4.mul(dc0, i0), made0);
    const dMade1 = backTanh(f32x4.mul(dc1, i1), made1);
    const do0 = backSigmoid(f32x4.mul(g0, state0), o0);
    const do1 = backSigmoid(f32x4.mul(g1, state1), o1);
    putPair(z, s, di0, di1);
    putPair(z + gate, s + bytes, df0, df1);
    putPair(z + 2 * gate, s + 2 * bytes, dMade0, dMade1);
    putPair(z + 3 * gate, s + 3 * bytes, do0, do1);
    v128.store(back + bytes, flushed(f32x4.mul(dc0, f0)));
    v128.store(back + bytes, flushed(f32x4.mul(dc1, f1)), 16);
    z += 32;
    c += 32;
    kept += 32;
    dh += 32;
    s += 32;
  }
}

/** dz of a gru that resets after its product with u; c becomes what is its last gate's of the sums with u. */
function goBackGru(
  z: usize, gate: usize, c: usize, kept: usize, dh: usize,
  back: usize, bytes: usize, s: usize, end: usize,
): void {
  for (; back < end; back += 32) {
    const g0 = f32x4.add(v128.load(dh), flushed(f32x4.add(v128.load(back), v128.load(back + bytes))));
    const g1 = f32x4.add(v128.load(dh, 16), flushed(f32x4.add(v128.load(back, 16), v128.load(back + bytes, 16))));
    const z0 = v128.load(z);
    const z1 = v128.load(z, 16);
    const r0 = v128.load(z + gate);
    const r1 = v128.load(z + gate, 16);
    const made0 = v128.load(z + 2 * gate);
    const made1 = v128.load(z + 2 * gate, 16);
    const lost0 = f32x4.sub(v128.load(kept), made0);
    const lost1 = f32x4.sub(v128.load(kept, 16), made1);
    const dz0 = backSigmoid(f32x4.mul(g0, lost0), z0);
    const dz1 = backSigmoid(f32x4.mul(g1, lost1), z1);
    const dMade0 = backTanh(f32x4.mul(g0, f32x4.sub(one(), z0)), made0);
    const dMade1 = backTanh(f32x4.mul(g1, f32x4.sub(one(), z1)), made1);
    const dr0 = backSigmoid(f32x4.mul(dMade0, v128.load(c)), r0);
    const dr1 = backSigmoid(f32x4.mul(dMade1, v128.load(c, 16)), r1);
    putPair(z, s, dz0, dz1);
    putPair(z + gate, s + bytes, dr0, dr1);
    v128.store(z + 2 * gate, dMade0);
    v128.store(z + 2 * gate, dMade1, 16);
    putPair(c, s + 2 * bytes, flushed(f32x4.mul(dMade0, r0)), flushed(f32x4.mul(dMade1, r1)));
    v128.store(back + bytes, f32x4.mul(g0, z0));
    v128.store(back + bytes, f32x4.mul(g1, z1), 16);
    z += 32;
    c += 32;
    kept += 32;
    dh += 32;
    s += 32;
  }
}

/** Writes two groups to both. */
// @ts-ignore: decorator
@inline
function putPair(to: usize, other: usize, first: v128, second: v128): void {
  v128.store(to, first);
  v128.store(to, second, 16);
  v128.store(other, first);
  v128.store(other, second, 16);
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
  const gates = gatesOf(kind);
  const panels = panelsOf(units);
  const width = gates * units;
  const stride = <usize>rows * ROW;
  const own = <usize>count * ROW;
  const bytes = <usize>panels * own;
  const paired = r.paired;
  // What comes from the step behind: dh through u, and beside it a gru's dh or an lstm's dc; zeros, which are what is
  // before the first step; then the sums' gradients, gates and their sums' gradients in panels of their own, and uᵀ.
  const back = r.scratch + partNumber() * r.scratchBytes;
  const direct = back + bytes;
  const none = direct + bytes;
  const sums = none + bytes;
  const taken = sums + <usize>panelsOf(width) * own;
  const turned = taken + <usize>(2 * gates) * bytes;
  const samples = rows / steps;
  const past = <usize>samples * ROW;
  const resetsBefore = kind == RecurrentKind.gruBefore;
  const gate = resetsBefore ? 0 : gateBytes(units, stride);
  const apart = gate ? gate : bytes;
  memory.fill(back, 0, (gate ? sums : turned) - back);
  for (let panel = 0; panel < panels; panel++) {
    const u = r.u + <usize>(panel * PANEL) * ROW;
    turn(turned + <usize>(panel * width) * ROW, u, <usize>units * ROW, 0, units - panel * PANEL, width);
  }
  for (let step = steps - 1; step >= 0; step--) {
    const start = <usize>(step * samples + first) * ROW;
    const from = r.z + start;
    let z = from;
    let s = sums;
    if (!gate) {
      z = taken;
      s = taken + <usize>gates * bytes;
      takeGates(z, bytes, from, stride, count, gates, units);
    }
    // There is nothing yet to reset where that is done before the product.
    if (resetsBefore) for (let at: usize = 0; at < bytes; at += 16) v128.store(z + bytes + at, one());
    for (let panel: usize = 0; panel < <usize>panels; panel++) {
      const at = start + panel * stride;
      const dh = r.dh + at;
      const mine = back + panel * own;
      const end = mine + own;
      const sum = s + panel * own;
      const gatesOfPanel = z + panel * (gate ? stride : own);
      const kept = step == 0 ? none + panel * own : (kind == RecurrentKind.lstm ? r.c : r.h) + at - past;
      if (kind == RecurrentKind.simple) goBackSimple(gatesOfPanel, dh, mine, sum, end);
      else if (kind == RecurrentKind.lstm) {
        goBackLstm(gatesOfPanel, apart, r.c + at, kept, dh, mine, bytes, sum, end);
      } else {
        const c = resetsBefore ? sum + 2 * bytes : r.c + at;
        goBackGru(gatesOfPanel, apart, c, kept, dh, mine, bytes, sum, end);
      }
    }
    if (resetsBefore) {
      // At first the last gate goes back through u alone, which gives the gradient of r · h: r has its share of that,
      // and h what is left. Then both other gates go back.
      memory.fill(s, 0, bytes);
      takeColumns(z + bytes, from, stride, count, units, units, 1);
      putGates(from, stride, s, bytes, count, gates, units);
      putGates(sums, own, s, bytes, count, gates, units);
      multiply(back, count, sums, turned, 0, count, count, width, 0, panels, -Infinity, paired);
      for (let at: usize = 0; at < bytes; at += 16) {
        const h = step == 0 ? none : r.h + start - past + (at / own) * stride + (at % own);
        const g = v128.load(back + at);
        const reset = v128.load(z + bytes + at);
        v128.store(direct + at, f32x4.add(v128.load(direct + at), f32x4.mul(g, reset)));
        const dReset = backSigmoid(f32x4.mul(g, v128.load(h)), reset);
        v128.store(z + bytes + at, dReset);
      }
      memory.copy(s, z, 2 * bytes);
      memory.fill(s + 2 * bytes, 0, bytes);
      copyPanels(r.dz + start + <usize>((width - 1) / PANEL) * stride, stride, 0, 0, 1, count);
    }
    if (!gate) {
      putGates(r.dz + start, stride, z, bytes, count, gates, units);
      putGates(sums, own, s, bytes, count, gates, units);
    }
    if (resetsBefore) copyPanels(r.du + start, stride, sums, own, width, count);
    multiply(back, count, sums, turned, 0, count, count, width, 0, panels, -Infinity, paired);
  }
}
