// Attention (Vaswani et al. 2017), of which the dropout between its products is an op of its own: for each sample and
// head the products of queries, keys and values, whose columns the heads share, and of the weights, which are a matrix
// for each sample and head, one after another, with a row for each query and a column for each key. Its panels are an
// odd number of rows high: at a distance of a power of two they would have one place in the first cache.
import { AttentionKind } from '../../src/plan/opcodes';
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { multiply, multiplyStrip, turn } from '../simd/gemm';
import { copyRow, putColumns, takeColumns } from './columns';
import { softmaxGradientRow, softmaxRow } from './softmax';

/** Queries whose weights are made at once: these are then in the first cache still. */
const STRIP: i32 = 32;

@unmanaged
export class Attention extends Op {
  y: usize;
  a: usize;
  b: usize;
  /** Where y is the gradient before the softmax: what that made; else 0. */
  weights: usize;
  /** And what dropout multiplied these by, or 0. */
  mask: usize;
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  kind: i32;
  /** Steps of the queries, and of the keys. */
  queries: i32;
  keys: i32;
  heads: i32;
  /** Columns of a head. */
  columns: i32;
  scale: f32;
  /** 1 where no query sees what comes after it: such weights are 0. */
  causal: i32;
  paired: i32;
  /** By which input's lengths keys end, counted from 1; 0 where they all count. No query sees what is beyond. */
  lengths: i32;
}

/** Weights of a query: the softmax of its products with the first `seen` of the keys, and 0 for the others. */
function weigh(row: usize, seen: i32, keys: i32, panelBytes: usize): void {
  softmaxRow(row, row, seen, panelBytes);
  for (let panel = panelsOf(seen); panel < panelsOf(keys); panel++) copyRow(row + <usize>panel * panelBytes, 0);
}

/** Back through dropout, where there was any, and softmax. */
function goBack(r: Attention, row: usize, keys: i32, panelBytes: usize): void {
  const weights = row - r.y + r.weights;
  if (r.mask) {
    const mask = r.mask - r.y;
    for (let at = row, panel = panelsOf(keys); panel > 0; panel--) {
      for (const end = at + ROW; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), v128.load(at + mask)));
      at += panelBytes - ROW;
    }
  }
  softmaxGradientRow(row, row, weights, keys, panelBytes);
}

/** One of its products, each times `scale`; shared out by samples. Positions of a record are those of y's rows. */
export function attention(r: Attention): void {
  const samples = rowsOf(r) / r.positions;
  const queries = r.queries;
  const keys = r.keys;
  const size = r.columns;
  const kind = r.kind;
  const makesWeights = kind == AttentionKind.weights || kind == AttentionKind.weightsGradient;
  const outs = kind == AttentionKind.values ? queries : keys;
  const queryStride = <usize>(samples * queries) * ROW;
  const keyStride = <usize>(samples * keys) * ROW;
  const paired = r.paired;
  const height = queries | 1;
  const panelBytes = <usize>height * ROW;
  const longest = max(queries, keys);
  const left = r.scratch + partNumber() * r.scratchBytes;
  const right = left + <usize>(panelsOf(size) * longest) * ROW;
  const turned = right + <usize>(panelsOf(size) * longest) * ROW;
  for (let sample = firstRow(r) / r.positions, end = lastRow(r) / r.positions; sample < end; sample++) {
    const queryRow = <usize>(sample * queries) * ROW;
    const keyRow = <usize>(sample * keys) * ROW;
    const length = lengthOf(controlsOf(r), sample, r.lengths, keys);
    if (!makesWeights) {
      // Padding beyond all heads.
      const stride = kind == AttentionKind.values ? queryStride : keyStride;
      const last = r.y + <usize>(panelsOf(r.heads * size) - 1) * stride + <usize>(sample * outs) * ROW;
      memory.fill(last, 0, <usize>outs * ROW);
    }
    for (let head = 0; head < r.heads; head++) {
      const column = head * size;
      const weights = <usize>((sample * r.heads + head) * panelsOf(keys)) * panelBytes;
      if (makesWeights) {
        takeColumns(left, r.a + queryRow, queryStride, queries, column, size, r.scale);
        takeColumns(right, r.b + keyRow, keyStride, keys, column, size, 1);
        for (let panel = 0; panel < panelsOf(keys); panel++) {
          const from = right + <usize>(panel * PANEL) * ROW;
          turn(turned + <usize>(panel * size) * ROW, from, <usize>keys * ROW, 0, keys - panel * PANEL, size);
        }
        for (let first = 0; first < queries; first += STRIP) {
          const shift = <usize>first * ROW;
          const count = min(STRIP, queries - first);
          const y = r.y + weights + shift;
          multiply(y, height, left + shift, turned, 0, count, queries, size, 0, panelsOf(keys), -Infinity, paired);
          for (let query = 0; query < count; query++) {
            const row = y + query * ROW;
            if (!isDefined(FORWARD_ONLY) && kind != AttentionKind.weights) goBack(r, row, keys, panelBytes);
            else weigh(row, r.causal ? min(length, first + query + 1) : length, keys, panelBytes);
          }
        }
        for (let end = 1; height > queries && end <= panelsOf(keys); end++) {
          copyRow(r.y + weights + end * panelBytes - ROW, 0);
        }
      } else if (kind == AttentionKind.values) {
        takeColumns(right, r.b + keyRow, keyStride, keys, column, size, 1);
        const x = r.a + weights;
        multiply(left, queries, x, right, 0, queries, height, keys, 0, panelsOf(size), -Infinity, paired);
        putColumns(r.y + queryRow, queryStride, left, queries, column, size, r.scale);
      } else if (!isDefined(FORWARD_ONLY)) {
        takeColumns(left, r.b + queryRow, queryStride, queries, column, size, r.scale);
        for (let panel = 0; panel < panelsOf(keys); panel++) {
          const x = r.a + weights + <usize>panel * panelBytes;
          const height = min(PANEL, keys - panel * PANEL);
          const y = right + <usize>(panel * PANEL) * ROW;
          multiplyStrip(y, x, left, queries, queries, height, keys, size, true, paired);
        }
        putColumns(r.y + keyRow, keyStride, right, keys, column, size, 1);
      }
    }
  }
}
