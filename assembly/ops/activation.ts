// Activations that act on each element alone. One class a function, in activations/: `forward(x, setting)` is y and
// `derivative(x, y, setting)` is dy/dx, on four lanes. The classes have no fields: a generic over one compiles to
// straight code.
import { ActivationKind } from '../../src/plan/opcodes';
import { Op, PANEL, ROW } from '../plan';
import {
  firstPanelBack, firstRow, firstRowBack, lastPanelBack, lastRow, lastRowBack, panelsOf, rowsOf,
} from '../parts';
import { columnMask } from '../simd/lanes';
import { Elu, SteepElu, writeEluConstants } from './activations/elu';
import { Exponential } from './activations/exponential';
import { Gelu, GeluTanh, writeGeluConstants } from './activations/gelu';
import { HardSigmoid, writeHardConstants } from './activations/hardSigmoid';
import { HardSwish } from './activations/hardSwish';
import { LeakyRelu } from './activations/leakyRelu';
import { Mish, writeMishConstants } from './activations/mish';
import { Relu } from './activations/relu';
import { Selu, writeSeluConstants } from './activations/selu';
import { Sigmoid } from './activations/sigmoid';
import { Silu, writeSiluConstants } from './activations/silu';
import { Softplus } from './activations/softplus';
import { Softsign } from './activations/softsign';
import { Tanh } from './activations/tanh';

@unmanaged
export class Activation extends Op {
  y: usize;
  x: usize;
  columns: i32;
  kind: i32;
  /** The activation's own setting: a slope or an alpha. */
  setting: f32;
}

@unmanaged
export class ActivationGradient extends Activation {
  dx: usize;
  dy: usize;
}

export function writeActivationConstants(): void {
  writeEluConstants();
  writeSeluConstants();
  writeGeluConstants();
  writeSiluConstants();
  writeMishConstants();
  writeHardConstants();
}

/** y = f(x); x and y may be the same place. */
export function activationForward(r: Activation): void {
  const rows = rowsOf(r);
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    const start = <usize>(panel * rows + firstRow(r)) * ROW;
    forwardFrom(r, start, <usize>(panel * rows + lastRow(r)) * ROW);
  }
  clearPadding(r, r.y, r.columns);
}

function forwardFrom(r: Activation, start: usize, end: usize): void {
  switch (r.kind) {
    case ActivationKind.relu: forward<Relu>(r, start, end); break;
    case ActivationKind.leakyRelu: forward<LeakyRelu>(r, start, end); break;
    case ActivationKind.elu: forward<Elu>(r, start, end); break;
    case ActivationKind.selu: forward<Selu>(r, start, end); break;
    case ActivationKind.gelu: forward<Gelu>(r, start, end); break;
    case ActivationKind.geluTanh: forward<GeluTanh>(r, start, end); break;
    case ActivationKind.silu: forward<Silu>(r, start, end); break;
    case ActivationKind.mish: forward<Mish>(r, start, end); break;
    case ActivationKind.softplus: forward<Softplus>(r, start, end); break;
    case ActivationKind.softsign: forward<Softsign>(r, start, end); break;
    case ActivationKind.tanh: forward<Tanh>(r, start, end); break;
    case ActivationKind.sigmoid: forward<Sigmoid>(r, start, end); break;
    case ActivationKind.hardSigmoid: forward<HardSigmoid>(r, start, end); break;
    case ActivationKind.hardSwish: forward<HardSwish>(r, start, end); break;
    case ActivationKind.exponential: forward<Exponential>(r, start, end); break;
    case ActivationKind.steepElu: forward<SteepElu>(r, start, end); break;
  }
}

/** dx = dy · f′(x); dx and dy may be the same place. */
export function activationGradient(r: ActivationGradient): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.columns);
  for (let panel = firstPanelBack(r, panels), last = lastPanelBack(r, panels); panel < last; panel++) {
    const start = <usize>(panel * rows + firstRowBack(r)) * ROW;
    gradientFrom(r, start, <usize>(panel * rows + lastRowBack(r)) * ROW);
  }
}

function gradientFrom(r: ActivationGradient, start: usize, end: usize): void {
  switch (r.kind) {
    case ActivationKind.relu: gradient<Relu>(r, start, end); break;
    case ActivationKind.leakyRelu: gradient<LeakyRelu>(r, start, end); break;
    case ActivationKind.elu: gradient<Elu>(r, start, end); break;
    case ActivationKind.selu: gradient<Selu>(r, start, end); break;
    case ActivationKind.gelu: gradient<Gelu>(r, start, end); break;
    case ActivationKind.geluTanh: gradient<GeluTanh>(r, start, end); break;
    case ActivationKind.silu: gradient<Silu>(r, start, end); break;
    case ActivationKind.mish: gradient<Mish>(r, start, end); break;
    case ActivationKind.softplus: gradient<Softplus>(r, start, end); break;
    case ActivationKind.softsign: gradient<Softsign>(r, start, end); break;
    case ActivationKind.tanh: gradient<Tanh>(r, start, end); break;
    case ActivationKind.sigmoid: gradient<Sigmoid>(r, start, end); break;
    case ActivationKind.hardSigmoid: gradient<HardSigmoid>(r, start, end); break;
    case ActivationKind.hardSwish: gradient<HardSwish>(r, start, end); break;
    case ActivationKind.exponential: gradient<Exponential>(r, start, end); break;
    case ActivationKind.steepElu: gradient<SteepElu>(r, start, end); break;
  }
}

/** Bytes at a time; where the binary is to be short, half of them. */
const STEP: usize = isDefined(FORWARD_ONLY) ? 16 : 32;

/** The bytes from `start` up to, not with, `end` of both; both stores of a pair come last, together. */
function forward<A>(r: Activation, start: usize, end: usize): void {
  const f = changetype<A>(0);
  const setting = f32x4.splat(r.setting);
  end += r.x;
  let y = r.y + start;
  for (let x = r.x + start; x < end; x += STEP) {
    const a = f.forward(v128.load(x), setting);
    if (STEP == 16) {
      v128.store(y, a);
    } else {
      const b = f.forward(v128.load(x, 16), setting);
      v128.store(y, a);
      v128.store(y, b, 16);
    }
    y += STEP;
  }
}

/** The bytes from `start` up to, not with, `end` of all four. */
function gradient<A>(r: ActivationGradient, start: usize, end: usize): void {
  const f = changetype<A>(0);
  const setting = f32x4.splat(r.setting);
  end += r.x;
  let y = r.y + start;
  let dx = r.dx + start;
  let dy = r.dy + start;
  for (let x = r.x + start; x < end; x += 32) {
    const a = f32x4.mul(v128.load(dy), f.derivative(v128.load(x), v128.load(y), setting));
    const b = f32x4.mul(v128.load(dy, 16), f.derivative(v128.load(x, 16), v128.load(y, 16), setting));
    v128.store(dx, a);
    v128.store(dx, b, 16);
    y += 32;
    dx += 32;
    dy += 32;
  }
}

/** Makes the columns beyond the width 0 again, after a function that has another value at 0. */
export function clearPadding(r: Op, y: usize, columns: i32): void {
  const used = columns % PANEL;
  if (used == 0) return;
  const m0 = columnMask(0, used);
  const m1 = columnMask(4, used);
  const m2 = columnMask(8, used);
  const m3 = columnMask(12, used);
  const end = lastRow(r);
  let at = y + <usize>(columns / PANEL * rowsOf(r) + firstRow(r)) * ROW;
  for (let row = firstRow(r); row < end; row++) {
    v128.store(at, v128.and(v128.load(at), m0));
    v128.store(at, v128.and(v128.load(at, 16), m1), 16);
    v128.store(at, v128.and(v128.load(at, 32), m2), 32);
    v128.store(at, v128.and(v128.load(at, 48), m3), 48);
    at += ROW;
  }
}
