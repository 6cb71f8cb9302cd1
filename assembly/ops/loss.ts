// Cost functions: each writes every row's cost, and the gradient of the mean cost for what the network made. The
// classes of losses/ have no fields: `value(p, t, setting)` and `derivative(p, t, setting)` on four lanes.
import { LossKind } from '../../src/plan/opcodes';
import { Op, PANEL, ROW } from '../plan';
import { controlsOf, countedRows, firstRow, isPast, lastRow, panelsOf, partNumber, rowsOf } from '../parts';
import { columnMask, madd, sum } from '../simd/lanes';
import { BinaryCrossEntropyFromLogits } from './losses/binaryCrossEntropy';
import { Focal } from './losses/focal';
import { Hinge } from './losses/hinge';
import { Huber } from './losses/huber';
import { KlDivergence } from './losses/klDivergence';
import { LogCosh } from './losses/logCosh';
import { MeanAbsoluteError } from './losses/meanAbsoluteError';
import { MeanAbsolutePercentageError } from './losses/meanAbsolutePercentageError';
import { MeanSquaredError } from './losses/meanSquaredError';
import { Poisson } from './losses/poisson';
import { Quantile } from './losses/quantile';
import { SquaredHinge } from './losses/squaredHinge';
import { flushed } from '../simd/math';
import { logOf, rowExponentials, rowMaximum } from './softmax';

@unmanaged
export class Loss extends Op {
  /** float64 cost of each row. */
  rowCosts: usize;
  /** What the network made: outputs, or the logits before softmax and sigmoid. */
  x: usize;
  dx: usize;
  /** Targets: a value's panels, or one int32 label a row. */
  target: usize;
  columns: i32;
  kind: i32;
  setting: f32;
  /** The cost is weight · Σ / (rows · divisor). */
  divisor: f32;
  weight: f32;
  /** What a target of 1 weighs, and one of 0 the rest of 1, where the class has a `balance`. */
  alpha: f32;
  /** By which input's lengths its steps end, counted from 1; 0 where they all count. */
  lengths: i32;
}

/** What costs beyond a sample's length, and what goes back there, is 0. */
@unmanaged
export class MaskCosts extends Op {
  rowCosts: usize;
  dx: usize;
  columns: i32;
  lengths: i32;
}

@unmanaged
export class Cost extends Op {
  rowCosts: usize;
  /** Where this output's own Σ cost · rows is added up, in float64; 0 for nowhere. */
  tally: usize;
  divisor: f32;
  weight: f32;
  /** 1 where it adds to the cost of the outputs before it. */
  adds: i32;
  lengths: i32;
  /** 1 where rows are judged: steps then count alike in whichever batch they are, and not rows. */
  judges: i32;
}

/** What each sample's cost counts. */
@unmanaged
export class WeighRows extends Op {
  rowCosts: usize;
  dx: usize;
  /** A value of one column, with a row for each sample. */
  weights: usize;
  columns: i32;
}

/** rowCosts[B] = weight · rowCosts, dx[B,C] = weight · dx, each by its sample's. */
export function weighRows(r: WeighRows): void {
  const panelBytes = <usize>rowsOf(r) * ROW;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const weight = load<f32>(r.weights + <usize>(row / r.positions) * ROW);
    const at = r.rowCosts + (<usize>row << 3);
    store<f64>(at, load<f64>(at) * <f64>weight);
    const factor = f32x4.splat(weight);
    for (let panel = 0; panel < panelsOf(r.columns); panel++) {
      const dx = r.dx + <usize>panel * panelBytes + <usize>row * ROW;
      for (let group: usize = 0; group < <usize>ROW; group += 16) {
        v128.store(dx + group, flushed(f32x4.mul(v128.load(dx + group), factor)));
      }
    }
  }
}

/** rowCosts[B] = Σ over columns of value(x, target); dx[B,C] = weight · derivative / (B · divisor). */
export function elementwiseLoss(r: Loss): void {
  switch (r.kind) {
    case LossKind.meanSquaredError: elementwise<MeanSquaredError>(r); break;
    case LossKind.meanAbsoluteError: elementwise<MeanAbsoluteError>(r); break;
    case LossKind.huber: elementwise<Huber>(r); break;
    case LossKind.logCosh: elementwise<LogCosh>(r); break;
    case LossKind.binaryCrossEntropyFromLogits: elementwise<BinaryCrossEntropyFromLogits>(r); break;
    case LossKind.hinge: elementwise<Hinge>(r); break;
    case LossKind.klDivergence: elementwise<KlDivergence>(r); break;
    case LossKind.focal: elementwise<Focal>(r); break;
    case LossKind.poisson: elementwise<Poisson>(r); break;
    case LossKind.quantile: elementwise<Quantile>(r); break;
    case LossKind.meanAbsolutePercentageError: elementwise<MeanAbsolutePercentageError>(r); break;
    case LossKind.squaredHinge: elementwise<SquaredHinge>(r); break;
  }
}

// @ts-ignore: decorator
@inline
export function reduction(r: Loss): f32 {
  return <f32>(<f64>r.weight / (<f64>countedRows(r, r.lengths) * <f64>r.divisor));
}

function elementwise<L>(r: Loss): void {
  const loss = changetype<L>(0);
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const setting = f32x4.splat(r.setting);
  const scale = f32x4.splat(reduction(r));
  const alpha = f32x4.splat(r.alpha);
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    let cost: f64 = 0;
    // The sum may be beyond float32 where the mean is not: then all is made once more, and added up in float64.
    for (let wide = false; ; wide = true) {
      let total = f32x4.splat(0);
      cost = 0;
      for (let first = 0; first < r.columns; first += PANEL) {
        const panel = <usize>(first / PANEL) * panelBytes + row * ROW;
        for (let group = 0; group < PANEL; group += 4) {
          const at = panel + (group << 2);
          const mask = columnMask(first + group, r.columns);
          let value = f32x4.splat(0);
          // Padding is not worth a logarithm.
          if (first + group < r.columns) {
            const p = v128.load(r.x + at);
            const t = v128.load(r.target + at);
            let own = loss.value(p, t, setting);
            let slope = loss.derivative(p, t, setting);
            if (isDefined(loss.balance)) {
              own = f32x4.mul(own, loss.balance(t, alpha));
              slope = f32x4.mul(slope, loss.balance(t, alpha));
            }
            own = v128.and(own, mask);
            if (wide) cost += sumWide(own);
            else total = f32x4.add(total, own);
            value = v128.and(flushed(f32x4.mul(slope, scale)), mask);
          }
          v128.store(r.dx + at, value);
        }
      }
      if (wide) break;
      cost = <f64>sum(total);
      if (cost != Infinity) break;
    }
    store<f64>(r.rowCosts + (row << 3), cost);
  }
}

/** The sum of four numbers in float64. */
function sumWide(x: v128): f64 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
  const all = f64x2.add(low, high);
  return f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
}

/**
 * Cross-entropy of softmax(x) with target distributions: rowCost = T · ln Σ eˣ − Σ t x, dx = (T · softmax(x) − t) / B,
 * where T = Σ t and the targets are smoothed: t (1 − setting) + setting / C.
 */
export function softmaxCrossEntropy(r: Loss): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const scale = reduction(r);
  const kept = f32x4.splat(1 - r.setting);
  const spread = f32x4.splat(r.setting / <f32>r.columns);
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const start = <usize>row * ROW;
    const x = r.x + start;
    const dx = r.dx + start;
    const top = rowMaximum(x, r.columns, panelBytes);
    const total = rowExponentials(dx, x, r.columns, panelBytes, top);
    const shift = f32x4.splat(top);
    let mass = f32x4.splat(0);
    let inner = f32x4.splat(0);
    for (let column = 0; column < r.columns; column += 4) {
      const at = <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
      const t = v128.and(madd(v128.load(r.target + start + at), kept, spread), columnMask(column, r.columns));
      mass = f32x4.add(mass, t);
      // A target of exactly 0 takes no part, be its logit ever so far away.
      const away = v128.and(f32x4.sub(v128.load(x + at), shift), f32x4.ne(t, f32x4.splat(0)));
      inner = madd(t, away, inner);
    }
    const weight = sum(mass);
    store<f64>(r.rowCosts + (row << 3), <f64>weight * <f64>logOf(total) - <f64>sum(inner));
    const share = f32x4.splat((weight / total) * scale);
    const down = f32x4.splat(scale);
    for (let column = 0; column < r.columns; column += 4) {
      const at = <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
      const t = v128.and(madd(v128.load(r.target + start + at), kept, spread), columnMask(column, r.columns));
      const value = f32x4.sub(f32x4.mul(v128.load(dx + at), share), f32x4.mul(t, down));
      v128.store(dx + at, flushed(value));
    }
  }
}

/** The same for one label a row: rowCost = ln Σ eˣ − x[label], smoothed by `setting`. */
export function sparseSoftmaxCrossEntropy(r: Loss): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const scale = reduction(r);
  const spread = r.setting / <f32>r.columns;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const x = r.x + row * ROW;
    const dx = r.dx + row * ROW;
    const top = rowMaximum(x, r.columns, panelBytes);
    const total = rowExponentials(dx, x, r.columns, panelBytes, top);
    const label = load<i32>(r.target + (row << 2));
    const own = <usize>(label / PANEL) * panelBytes + ((label % PANEL) << 2);
    let cost = <f64>logOf(total) - (1 - <f64>r.setting) * <f64>(load<f32>(x + own) - top);
    if (r.setting != 0) {
      let away: f64 = 0;
      for (let column = 0; column < r.columns; column++) {
        away += <f64>(load<f32>(x + <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2)) - top);
      }
      cost -= <f64>spread * away;
    }
    store<f64>(r.rowCosts + (row << 3), cost);
    const share = f32x4.splat(scale / total);
    const smooth = f32x4.splat(spread * scale);
    for (let column = 0; column < r.columns; column += 4) {
      const at = <usize>(column / PANEL) * panelBytes + ((column % PANEL) << 2);
      const value = f32x4.sub(f32x4.mul(v128.load(dx + at), share), smooth);
      v128.store(dx + at, v128.and(flushed(value), columnMask(column, r.columns)));
    }
    store<f32>(dx + own, load<f32>(dx + own) - (1 - r.setting) * scale);
  }
}

// Rows of squared length beyond FAR are made shorter by a power of two before their squares are added up: no digit is
// lost, and nothing overflows.
const FAR: f32 = 1.329227995784916e36; // 2¹²⁰
const SHORTER: f32 = 8.271806125530277e-25; // 2⁻⁸⁰
/** The least that a row's length counts as. */
const LEAST: f32 = 1e-8;

/**
 * rowCost = 1 − x·t / (|x| |t|), dx = (cos x / |x|² − t / (|x| |t|)) / B. Lengths below 1e-8 count as that, as in
 * PyTorch, and then do not change with x: the first part of dx is 0.
 */
export function cosineSimilarity(r: Loss): void {
  const rows = rowsOf(r);
  const panelBytes = <usize>rows * ROW;
  const scale = reduction(r);
  const bytes = <usize>((r.columns + PANEL - 1) / PANEL) * panelBytes;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    const start = <usize>row * ROW;
    let shortX: f32 = 1;
    let shortT: f32 = 1;
    let xx: f32 = 0;
    let tt: f32 = 0;
    let xt: f32 = 0;
    while (true) {
      const byX = f32x4.splat(shortX);
      const byT = f32x4.splat(shortT);
      let sumXX = f32x4.splat(0);
      let sumTT = f32x4.splat(0);
      let sumXT = f32x4.splat(0);
      for (let at = start; at < bytes; at += panelBytes) {
        for (let group = 0; group < ROW; group += 16) {
          const x = f32x4.mul(v128.load(r.x + at + group), byX);
          const t = f32x4.mul(v128.load(r.target + at + group), byT);
          sumXX = madd(x, x, sumXX);
          sumTT = madd(t, t, sumTT);
          sumXT = madd(x, t, sumXT);
        }
      }
      xx = sum(sumXX);
      tt = sum(sumTT);
      xt = sum(sumXT);
      const farX = xx > FAR && shortX == 1;
      const farT = tt > FAR && shortT == 1;
      if (!farX && !farT) break;
      if (farX) shortX = SHORTER;
      if (farT) shortT = SHORTER;
    }
    const lengthX = max(sqrt<f32>(xx), LEAST);
    const lengthT = max(sqrt<f32>(tt), LEAST);
    const cosine = xt / (lengthX * lengthT);
    store<f64>(r.rowCosts + (row << 3), max<f64>(1 - <f64>cosine, 0));
    const alongX = f32x4.splat(lengthX > LEAST ? (cosine / (lengthX * lengthX)) * (scale * shortX) : 0);
    const alongT = f32x4.splat((1 / (lengthX * lengthT)) * (scale * shortX));
    const byX = f32x4.splat(shortX);
    const byT = f32x4.splat(shortT);
    for (let at = start; at < bytes; at += panelBytes) {
      for (let group = 0; group < ROW; group += 16) {
        const i = at + group;
        const x = f32x4.mul(v128.load(r.x + i), byX);
        const t = f32x4.mul(v128.load(r.target + i), byT);
        v128.store(r.dx + i, f32x4.sub(f32x4.mul(x, alongX), f32x4.mul(t, alongT)));
      }
    }
  }
}

export function maskCosts(r: MaskCosts): void {
  if (!controlsOf(r).lengths) return;
  const stride = <usize>rowsOf(r) * ROW;
  for (let row = firstRow(r), end = lastRow(r); row < end; row++) {
    if (!isPast(r, row, r.lengths)) continue;
    store<f64>(r.rowCosts + (row << 3), 0);
    const dx = r.dx + <usize>row * ROW;
    for (let panel: usize = 0; panel < <usize>panelsOf(r.columns); panel++) memory.fill(dx + panel * stride, 0, ROW);
  }
}

/**
 * The batch's one number, of several outputs the sum: weight · Σ rowCosts / (B · divisor), in the order of the rows,
 * where B are those that count. False where it is not finite.
 */
export function cost(r: Cost): bool {
  const c = controlsOf(r);
  let total: f64 = 0;
  for (let row = 0, rows = rowsOf(r); row < rows; row++) total += load<f64>(r.rowCosts + (row << 3));
  total /= <f64>r.divisor * <f64>r.positions;
  const rows = <f64>countedRows(r, r.lengths) / <f64>r.positions;
  const mean = total * <f64>r.weight / rows;
  if (rows != <f64>c.rows && !r.judges) total *= <f64>c.rows / rows;
  if (r.tally && partNumber() == 0) store<f64>(r.tally, load<f64>(r.tally) + total);
  total *= <f64>r.weight;
  c.cost = r.adds ? c.cost + mean : mean;
  if (!isFinite(total)) return false;
  c.costSum += total;
  return true;
}
