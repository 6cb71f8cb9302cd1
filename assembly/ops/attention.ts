// Attention (Vaswani et al. 2017), of which the softmax and the dropout between its products are ops of their own: for
// each sample and head the products of queries, keys and values, whose columns the heads share, and of the weights,
// which have a row for each head and query and a column for each key.
import { AttentionKind } from '../../src/plan/opcodes';
import { controlsOf, firstRow, lastRow, lengthOf, panelsOf, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { multiply, multiplyStrip, turn } from '../simd/gemm';
import { columnMask } from '../simd/lanes';
import { columnAt, putFour, takeFour } from './columns';

@unmanaged
export class Attention extends Op {
  y: usize;
  a: usize;
  b: usize;
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
  /** 1 where no query sees what comes after it: such weights' sums are −Infinity. */
  causal: i32;
  paired: i32;
  /** By which input's lengths keys end, counted from 1; 0 where they all count. No query sees what is beyond. */
  lengths: i32;
}

/** Columns `first … first + columns − 1` of `count` rows to a matrix of their own, times `scale`; padding becomes 0. */
function takeColumns(to: usize, row: usize, stride: usize, count: i32, first: i32, columns: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  const own = <usize>count * ROW;
  for (let column = 0; column < panelsOf(columns) * PANEL; column += 4) {
    const mask = columnMask(column, columns);
    const from = first + column;
    const isTogether = (from & 3) == 0;
    let at = isTogether ? columnAt(row, stride, from) : row;
    let y = columnAt(to, own, column);
    for (const end = y + own; y < end; y += ROW) {
      let value = f32x4.splat(0);
      if (column < columns) {
        value = isTogether ? v128.load(at) : takeFour(at, stride, from);
        value = v128.and(f32x4.mul(value, factor), mask);
      }
      v128.store(y, value);
      at += ROW;
    }
  }
}

/** The way back of {@link takeColumns}; what lies beside is left as it is. */
function putColumns(row: usize, stride: usize, from: usize, count: i32, first: i32, columns: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  const own = <usize>count * ROW;
  for (let column = 0; column < columns; column += 4) {
    for (let k: usize = 0; k < <usize>count; k++) {
      const value = f32x4.mul(v128.load(columnAt(from + k * ROW, own, column)), factor);
      putFour(row + k * ROW, stride, first + column, first + columns, value);
    }
  }
}

/** One of three products, each times `scale`; shared out by samples. The record's positions are those of y. */
export function attention(r: Attention): void {
  const samples = rowsOf(r) / r.positions;
  const queries = r.queries;
  const keys = r.keys;
  const size = r.columns;
  const outs = r.kind == AttentionKind.values ? queries : keys;
  const queryStride = <usize>(samples * queries) * ROW;
  const keyStride = <usize>(samples * keys) * ROW;
  const paired = r.paired;
  const weightHeight = samples * r.heads * queries;
  const longest = max(queries, keys);
  const left = r.scratch + partNumber() * r.scratchBytes;
  const right = left + <usize>(panelsOf(size) * longest) * ROW;
  const turned = right + <usize>(panelsOf(size) * longest) * ROW;
  for (let sample = firstRow(r) / r.positions, end = lastRow(r) / r.positions; sample < end; sample++) {
    const queryRow = <usize>(sample * queries) * ROW;
    const keyRow = <usize>(sample * keys) * ROW;
    if (r.kind != AttentionKind.weights) {
      // Padding beyond all heads.
      const stride = r.kind == AttentionKind.values ? queryStride : keyStride;
      const last = r.y + <usize>(panelsOf(r.heads * size) - 1) * stride + <usize>(sample * outs) * ROW;
      memory.fill(last, 0, <usize>outs * ROW);
    }
    for (let head = 0; head < r.heads; head++) {
      const column = head * size;
      const weightRow = <usize>((sample * r.heads + head) * queries) * ROW;
      if (r.kind == AttentionKind.weights) {
        takeColumns(left, r.a + queryRow, queryStride, queries, column, size, r.scale);
        takeColumns(right, r.b + keyRow, keyStride, keys, column, size, 1);
        for (let panel = 0; panel < panelsOf(keys); panel++) {
          const from = right + <usize>(panel * PANEL) * ROW;
          turn(turned + <usize>(panel * size) * ROW, from, <usize>keys * ROW, 0, keys - panel * PANEL, size);
        }
        const y = r.y + weightRow;
        multiply(y, weightHeight, left, turned, 0, queries, queries, size, 0, panelsOf(keys), -Infinity, paired);
        const length = lengthOf(controlsOf(r), sample, r.lengths, keys);
        for (let query = 0; query < queries; query++) {
          const seen = r.causal ? min(length, query + 1) : length;
          for (let key = seen & -4; key < keys; key += 4) {
            const at = columnAt(y + query * ROW, <usize>weightHeight * ROW, key);
            const hidden = v128.andnot(columnMask(key, keys), columnMask(key, seen));
            v128.store(at, v128.bitselect(f32x4.splat(-Infinity), v128.load(at), hidden));
          }
        }
      } else if (r.kind == AttentionKind.values) {
        takeColumns(right, r.b + keyRow, keyStride, keys, column, size, 1);
        const x = r.a + weightRow;
        multiply(left, queries, x, right, 0, queries, weightHeight, keys, 0, panelsOf(size), -Infinity, paired);
        putColumns(r.y + queryRow, queryStride, left, queries, column, size, r.scale);
      } else {
        takeColumns(left, r.b + queryRow, queryStride, queries, column, size, r.scale);
        for (let panel = 0; panel < panelsOf(keys); panel++) {
          const x = r.a + weightRow + <usize>(panel * weightHeight) * ROW;
          const height = min(PANEL, keys - panel * PANEL);
          const y = right + <usize>(panel * PANEL) * ROW;
          multiplyStrip(y, x, left, queries, queries, height, keys, size, true, paired);
        }
        putColumns(r.y + keyRow, keyStride, right, keys, column, size, 1);
      }
    }
  }
}
