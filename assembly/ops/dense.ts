// The fully connected layer.
import { firstRow, firstUnit, lastRow, lastUnit, panelsOf, partNumber, rowsOf } from '../parts';
import { Op, PANEL, ROW } from '../plan';
import { multiply, multiplyByTransposed, multiplyTransposed, sumRows, tileFor } from '../simd/gemm';
import { multiplyQuantized, widenPanels } from '../simd/quantized';

@unmanaged
export class DenseForward extends Op {
  y: usize;
  x: usize;
  w: usize;
  b: usize;
  inputs: i32;
  outputs: i32;
  /** The smallest output: 0 makes it a rectifier, −Infinity leaves it linear. */
  floor: f32;
  /** 1 for tiles written in pairs, which some engines pack into 256 bits. */
  paired: i32;
  /** 1 where threads share out the output panels, 0 where they share out the rows. */
  byOutputs: i32;
  /** Where each thread has an x of its own, bytes from one to the next; else 0. */
  ownBytes: i32;
}

@unmanaged
export class DenseForwardQuantized extends Op {
  y: usize;
  x: usize;
  /** Panels as for float32, of 8 or 16 bits a weight. */
  w: usize;
  /** What each column's sums are multiplied by; 0 for ones. */
  scale: usize;
  b: usize;
  /** Room for one panel of float32 weights: [I][16]. */
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  inputs: i32;
  outputs: i32;
  floor: f32;
  /** 8 for int8, 16 for float16. */
  bits: i32;
  paired: i32;
}

@unmanaged
export class DenseInputGradient extends Op {
  dx: usize;
  dy: usize;
  w: usize;
  /** The rectified outputs that x is, whose zeros stop the gradient; or 0. */
  rectified: usize;
  /** Room for one panel of wᵀ: [O][16]. */
  scratch: usize;
  /** Bytes of that for each thread. */
  scratchBytes: i32;
  inputs: i32;
  outputs: i32;
  paired: i32;
}

@unmanaged
export class DenseWeightGradient extends Op {
  dw: usize;
  /** 0 where the layer has no bias. */
  db: usize;
  x: usize;
  dy: usize;
  inputs: i32;
  outputs: i32;
  paired: i32;
  /** 1 where threads share out the output panels, 0 where they share out the input panels. */
  byOutputs: i32;
  /** Where each thread has an x of its own, bytes from one to the next; else 0. */
  ownBytes: i32;
}

@unmanaged
export class WidenWeights extends Op {
  to: usize;
  /** As in `DenseForwardQuantized`. */
  w: usize;
  scale: usize;
  inputs: i32;
  outputs: i32;
  bits: i32;
}

/** y[B,O] = max(floor, x[B,I] · w[I,O] + b[O]), shared out by rows, or by panels of y. */
export function denseForward(r: DenseForward): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.outputs);
  const tile = tileFor(r.outputs, r.paired);
  const x = r.x + partNumber() * r.ownBytes;
  if (r.byOutputs) {
    multiply(r.y, rows, x, r.w, r.b, rows, rows, r.inputs, firstUnit(panels), lastUnit(panels), r.floor, tile);
    return;
  }
  const first = firstRow(r);
  const shift = <usize>first * ROW;
  const count = lastRow(r) - first;
  if (count <= 0) return;
  multiply(r.y + shift, rows, x + shift, r.w, r.b, count, rows, r.inputs, 0, panels, r.floor, tile);
}

/** y[B,O] = max(floor, (x[B,I] · w[I,O]) · scale[O] + b[O]) with weights of 8 or 16 bits, shared out by rows. */
export function denseForwardQuantized(r: DenseForwardQuantized): void {
  const rows = rowsOf(r);
  const first = firstRow(r);
  const shift = <usize>first * ROW;
  const count = lastRow(r) - first;
  if (count <= 0) return;
  const scratch = r.scratch + partNumber() * r.scratchBytes;
  const panels = panelsOf(r.outputs);
  const y = r.y + shift;
  const x = r.x + shift;
  const paired = r.paired;
  multiplyQuantized(y, x, r.w, r.scale, r.b, scratch, count, rows, r.inputs, panels, r.floor, r.bits, paired);
}

/** Float32 weights from ones of 8 or 16 bits, for ops that have no kernel for those; shared out by panels. */
export function widenWeights(r: WidenWeights): void {
  const panels = panelsOf(r.outputs);
  widenPanels(r.to, r.w, r.scale, r.inputs, firstUnit(panels), lastUnit(panels), r.bits);
}

/** dx[B,I] = dy[B,O] · wᵀ[O,I], and 0 where `rectified` is; shared out by panels of dx. */
export function denseInputGradient(r: DenseInputGradient): void {
  const rows = rowsOf(r);
  const panels = panelsOf(r.inputs);
  const scratch = r.scratch + partNumber() * r.scratchBytes;
  const first = firstUnit(panels);
  const paired = r.paired;
  multiplyTransposed(r.dx, r.dy, r.w, r.rectified, scratch, rows, r.inputs, r.outputs, first, lastUnit(panels), paired);
}

/**
 * dw[I,O] = xᵀ[I,B] · dy[B,O] and db[O] = Σ dy; shared out by panels of x, or of dy where a thread then reads only the
 * dy it wrote.
 */
export function denseWeightGradient(r: DenseWeightGradient): void {
  const rows = rowsOf(r);
  const paired = r.paired;
  const x = r.x + partNumber() * r.ownBytes;
  const outputPanels = panelsOf(r.outputs);
  const first = firstUnit(outputPanels);
  const last = lastUnit(outputPanels);
  if (r.byOutputs) {
    const dw = r.dw + <usize>(first * r.inputs) * ROW;
    const dy = r.dy + <usize>(first * rows) * ROW;
    const outputs = min(r.outputs, last * PANEL) - first * PANEL;
    multiplyByTransposed(dw, x, dy, rows, r.inputs, outputs, 0, panelsOf(r.inputs), paired);
  } else {
    const inputPanels = panelsOf(r.inputs);
    const from = firstUnit(inputPanels);
    multiplyByTransposed(r.dw, x, r.dy, rows, r.inputs, r.outputs, from, lastUnit(inputPanels), paired);
  }
  if (r.db) sumRows(r.db, r.dy, rows, first, last);
}
