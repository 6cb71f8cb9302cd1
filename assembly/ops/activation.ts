// Activations that act on each element alone. One class a function, in activations/: `forward(x, setting)` is y and
// `derivative(x, y, setting)` is dy/dx, on four lanes. The classes have no fields: a generic over one compiles to
// straight code.
import { ActivationKind } from '../../src/plan/opcodes';
import { Op, PANEL, ROW } from '../plan';
import { firstRow, firstUnit, lastRow, lastUnit, panelsOf, rowsOf } from '../parts';
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
  switch (r.kind) {
    case ActivationKind.relu: forward<Relu>(r); break;
    case ActivationKind.leakyRelu: forward<LeakyRelu>(r); break;
    case ActivationKind.elu: forward<Elu>(r); break;
    case ActivationKind.selu: forward<Selu>(r); break;
    case ActivationKind.gelu: forward<Gelu>(r); break;
    case ActivationKind.geluTanh: forward<GeluTanh>(r); break;
    case ActivationKind.silu: forward<Silu>(r); break;
    case ActivationKind.mish: forward<Mish>(r); break;
    case ActivationKind.softplus: forward<Softplus>(r); break;
    case ActivationKind.softsign: forward<Softsign>(r); break;
    case ActivationKind.tanh: forward<Tanh>(r); break;
    case ActivationKind.sigmoid: forward<Sigmoid>(r); break;
    case ActivationKind.hardSigmoid: forward<HardSigmoid>(r); break;
    case ActivationKind.hardSwish: forward<HardSwish>(r); break;
    case ActivationKind.exponential: forward<Exponential>(r); break;
    case ActivationKind.steepElu: forward<SteepElu>(r); break;
  }
  clearPadding(r, r.y, r.columns);
}

/** dx = dy · f′(x); dx and dy may be the same place. */
export function activationGradient(r: ActivationGradient): void {
  switch (r.kind) {
    case ActivationKind.relu: gradient<Relu>(r); break;
    case ActivationKind.leakyRelu: gradient<LeakyRelu>(r); break;
    case ActivationKind.elu: gradient<Elu>(r); break;
    case ActivationKind.selu: gradient<Selu>(r); break;
    case ActivationKind.gelu: gradient<Gelu>(r); break;
    case ActivationKind.geluTanh: gradient<GeluTanh>(r); break;
    case ActivationKind.silu: gradient<Silu>(r); break;
    case ActivationKind.mish: gradient<Mish>(r); break;
    case ActivationKind.softplus: gradient<Softplus>(r); break;
    case ActivationKind.softsign: gradient<Softsign>(r); break;
    case ActivationKind.tanh: gradient<Tanh>(r); break;
    case ActivationKind.sigmoid: gradient<Sigmoid>(r); break;
    case ActivationKind.hardSigmoid: gradient<HardSigmoid>(r); break;
    case ActivationKind.hardSwish: gradient<HardSwish>(r); break;
    case ActivationKind.exponential: gradient<Exponential>(r); break;
    case ActivationKind.steepElu: gradient<SteepElu>(r); break;
  }
}

/** Bytes at a time; where the binary is to be short, half of them. */
const STEP: usize = isDefined(FORWARD_ONLY) ? 16 : 32;

/** Forward, a thread takes its rows of every panel; both stores of a pair come last, together. */
function forward<A>(r: Activation): void {
  const f = changetype<A>(0);
  const setting = f32x4.splat(r.setting);
  const rows = rowsOf(r);
  const first = <usize>firstRow(r) * ROW;
  const bytes = <usize>lastRow(r) * ROW - first;
  for (let panel = 0; panel < panelsOf(r.columns); panel++) {
    const start = <usize>(panel * rows) * ROW + first;
    const end = r.x + start + bytes;
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
}

/** Backward, a thread takes whole panels, which lie one behind the other as one flat array. */
function gradient<A>(r: ActivationGradient): void {
  const f = changetype<A>(0);
  const setting = f32x4.splat(r.setting);
  const panelBytes = <usize>rowsOf(r) * ROW;
  const panels = panelsOf(r.columns);
  const start = firstUnit(panels) * panelBytes;
  const end = r.x + lastUnit(panels) * panelBytes;
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
