// What becomes of gradients between the way back and the update, and of parameters after it: sums over several batches,
// penalties, clipping, constraints and averages. All of it over stretches of rows of sixteen numbers, of which threads
// share out `unit` at a time; each sum in float64, in chunks that hang on shapes alone.
import { ConstraintKind } from '../../src/plan/opcodes';
import { controlsOf, firstOf, firstUnit, lastOf, lastUnit, partNumber } from '../parts';
import { Op, ROW } from '../plan';
import { madd } from '../simd/lanes';
import { isComplete } from './batch';

/** Something done to each number of `to`, by that of `from` where there is one. */
@unmanaged
export class Pass extends Op {
  to: usize;
  from: usize;
  rows: i32;
  unit: i32;
  setting: f32;
}

@unmanaged
export class Collect extends Op {
  gradients: usize;
  sums: usize;
  rows: i32;
  unit: i32;
  /** Batches of an update. */
  counts: i32;
}

@unmanaged
export class Penalize extends Op {
  dw: usize;
  w: usize;
  rows: i32;
  unit: i32;
  l1: f32;
  l2: f32;
}

@unmanaged
export class SumChunks extends Op {
  x: usize;
  sums: usize;
  rows: i32;
  unit: i32;
  l1: f32;
  l2: f32;
}

/** What is made of all chunks' sums. */
@unmanaged
export class Total extends Op {
  sums: usize;
  count: i32;
  limit: f32;
}

@unmanaged
export class Constrain extends Op {
  w: usize;
  /** Rows of a panel, and panels. */
  rows: i32;
  panels: i32;
  kind: i32;
  limit: f32;
  /** 0 where a unit is a column; else it is each so many-th row of all panels, as of a transposed convolution. */
  units: i32;
}

/**
 * Over the batches of an update sums = Σ rows · gradient, and at the last one gradient = sums / Σ rows. One batch alone
 * is left as it is.
 */
export function collectGradients(r: Collect): void {
  const c = controlsOf(r);
  const complete = isComplete(c, r.counts);
  const begins = c.taken == 1;
  if (begins && complete) return;
  const rows = f32x4.splat(<f32>c.rows);
  const whole = f32x4.splat(<f32>c.takenRows);
  const start = <usize>firstOf(r.rows, r.unit) * ROW;
  const end = r.gradients + <usize>lastOf(r.rows, r.unit) * ROW;
  let sums = r.sums + start;
  for (let at = r.gradients + start; at < end; at += 16) {
    const g = f32x4.mul(v128.load(at), rows);
    const sum = begins ? g : f32x4.add(v128.load(sums), g);
    if (complete) v128.store(at, f32x4.div(sum, whole));
    else v128.store(sums, sum);
    sums += 16;
  }
}

/** dw += l1 · sign(w) + 2 · l2 · w, what a penalty l1 · Σ|w| + l2 · Σw² adds. */
export function penalize(r: Penalize): void {
  const none = f32x4.splat(0);
  const l1 = f32x4.splat(r.l1);
  const twice = f32x4.splat(2 * r.l2);
  const start = <usize>firstOf(r.rows, r.unit) * ROW;
  const end = r.w + <usize>lastOf(r.rows, r.unit) * ROW;
  let dw = r.dw + start;
  for (let at = r.w + start; at < end; at += 16) {
    const w = v128.load(at);
    const pull = f32x4.sub(v128.and(l1, f32x4.gt(w, none)), v128.and(l1, f32x4.lt(w, none)));
    v128.store(dw, f32x4.add(v128.load(dw), madd(w, twice, pull)));
    dw += 16;
  }
}

/** Rows of a chunk, which never reaches from one unit into the next. */
const CHUNK: i32 = 16;

/** l1 · Σ|x| + l2 · Σx² of each chunk. */
export function sumChunks(r: SumChunks): void {
  const chunks = (r.unit + CHUNK - 1) / CHUNK;
  const units = (r.rows + r.unit - 1) / r.unit;
  for (let unit = firstUnit(units), last = lastUnit(units); unit < last; unit++) {
    const rows = min(r.unit, r.rows - unit * r.unit);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const from = r.x + <usize>(unit * r.unit + chunk * CHUNK) * ROW;
      const end = from + <usize>max(min(CHUNK, rows - chunk * CHUNK), 0) * ROW;
      let size = f64x2.splat(0);
      let square = f64x2.splat(0);
      for (let at = from; at < end; at += 8) {
        const x = f64x2.promote_low_f32x4(v128.load64_zero(at));
        size = f64x2.add(size, f64x2.abs(x));
        square = f64x2.add(square, f64x2.mul(x, x));
      }
      const sum = <f64>r.l1 * both(size) + <f64>r.l2 * both(square);
      store<f64>(r.sums + (<usize>(unit * chunks + chunk) << 3), sum);
    }
  }
}

// @ts-ignore: decorator
@inline
function both(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** The sum of all chunks' sums; every thread adds them up for itself, in the same order. */
function total(r: Total): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < r.count; i++) sum += load<f64>(r.sums + (<usize>i << 3));
  return sum;
}

/** Adds a penalty to the cost of the step. */
export function addPenalty(r: Total): void {
  const c = controlsOf(r);
  const penalty = total(r);
  c.cost += penalty;
  c.costSum += penalty * c.takenRows;
}

/** What makes the norm of all gradients `limit` at most, as PyTorch does. */
export function measureNorm(r: Total): void {
  const factor = <f64>r.limit / (sqrt<f64>(total(r)) + 1e-6);
  controlsOf(r).clip = min<f64>(factor, 1);
}

/** Gradients times what {@link measureNorm} found. */
export function scaleGradients(r: Pass): void {
  const clip = controlsOf(r).clip;
  if (clip == 1) return;
  const factor = f32x4.splat(<f32>clip);
  const end = r.to + <usize>lastOf(r.rows, r.unit) * ROW;
  for (let at = r.to + <usize>firstOf(r.rows, r.unit) * ROW; at < end; at += 16) {
    v128.store(at, f32x4.mul(v128.load(at), factor));
  }
}

/** Each gradient cut to −setting … setting; NaN stays. */
export function clipValues(r: Pass): void {
  const most = f32x4.splat(r.setting);
  const least = f32x4.splat(-r.setting);
  const end = r.to + <usize>lastOf(r.rows, r.unit) * ROW;
  for (let at = r.to + <usize>firstOf(r.rows, r.unit) * ROW; at < end; at += 16) {
    v128.store(at, f32x4.pmin(f32x4.pmax(v128.load(at), least), most));
  }
}

/** to += (1 − setting) · (from − to), unless an update has left the finite numbers: what rests stays exactly. */
export function averageParameters(r: Pass): void {
  if (r.controls.broken) return;
  const fresh = f32x4.splat(<f32>(1 - <f64>r.setting));
  const start = <usize>firstOf(r.rows, r.unit) * ROW;
  const end = r.to + <usize>lastOf(r.rows, r.unit) * ROW;
  let from = r.from + start;
  for (let at = r.to + start; at < end; at += 16) {
    const average = v128.load(at);
    v128.store(at, madd(f32x4.sub(v128.load(from), average), fresh, average));
    from += 16;
  }
}

/** Holds the weights that come into each unit to what is asked of them. */
export function constrain(r: Constrain): void {
  const bytes = <usize>r.rows * ROW;
  if (r.units) return constrainRows(r);
  for (let panel = firstUnit(r.panels), last = lastUnit(r.panels); panel < last; panel++) {
    const start = r.w + panel * bytes;
    for (let group: usize = 0; group < <usize>ROW; group += 16) {
      if (r.kind == ConstraintKind.nonNegative) floor(start + group, start + bytes);
      else scaleColumns(r, start + group, start + bytes);
    }
  }
}

/** {@link constrain} where units are rows: too little work to share out. */
function constrainRows(r: Constrain): void {
  if (partNumber() != 0) return;
  const bytes = <usize>(r.rows * r.panels) * ROW;
  if (r.kind == ConstraintKind.nonNegative) {
    for (let group: usize = 0; group < <usize>ROW; group += 16) floor(r.w + group, r.w + bytes);
    return;
  }
  const step = <usize>r.units * ROW;
  for (let unit = 0; unit < r.units; unit++) {
    const start = r.w + <usize>unit * ROW;
    let squares = f64x2.splat(0);
    for (let at = start; at < r.w + bytes; at += step) {
      for (let i: usize = 0; i < <usize>ROW; i += 8) {
        const x = f64x2.promote_low_f32x4(v128.load64_zero(at + i));
        squares = f64x2.add(squares, f64x2.mul(x, x));
      }
    }
    const factor = f32x4.splat(factorOf(r, both(squares)));
    for (let at = start; at < r.w + bytes; at += step) {
      for (let i: usize = 0; i < <usize>ROW; i += 16) v128.store(at + i, f32x4.mul(v128.load(at + i), factor));
    }
  }
}

function floor(start: usize, end: usize): void {
  const none = f32x4.splat(0);
  for (let at = start; at < end; at += ROW) v128.store(at, f32x4.max(v128.load(at), none));
}

/** Four columns, whose norms are added up in float64. */
function scaleColumns(r: Constrain, start: usize, end: usize): void {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let at = start; at < end; at += ROW) {
    const a = f64x2.promote_low_f32x4(v128.load64_zero(at));
    const b = f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  let factor = f32x4.splat(factorOf(r, f64x2.extract_lane(low, 0)));
  factor = f32x4.replace_lane(factor, 1, factorOf(r, f64x2.extract_lane(low, 1)));
  factor = f32x4.replace_lane(factor, 2, factorOf(r, f64x2.extract_lane(high, 0)));
  factor = f32x4.replace_lane(factor, 3, factorOf(r, f64x2.extract_lane(high, 1)));
  for (let at = start; at < end; at += ROW) v128.store(at, f32x4.mul(v128.load(at), factor));
}

/** Keras's: its least divisor too. */
function factorOf(r: Constrain, squares: f64): f32 {
  const norm = sqrt<f64>(squares);
  const wanted = r.kind == ConstraintKind.maxNorm ? min<f64>(norm, r.limit) : 1;
  return wanted == norm ? 1 : <f32>(wanted / (norm + 1e-7));
}
