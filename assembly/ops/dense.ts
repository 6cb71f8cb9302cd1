// The fully connected layer.
import { DenseForward, DenseInputGradient, DenseWeightGradient, PANEL } from '../plan';
import { multiply, multiplyByTransposed, multiplyTransposed, sumRows } from '../simd/gemm';

// @ts-ignore: decorator
@inline
function panels(columns: i32): i32 {
  return (columns + PANEL - 1) / PANEL;
}

/** y[B,O] = max(floor, x[B,I] · w[I,O] + b[O]) */
export function denseForward(r: DenseForward): void {
  multiply(r.y, r.x, r.w, r.b, r.controls.rows, r.inputs, 0, panels(r.outputs), r.floor);
}

/** dx[B,I] = dy[B,O] · wᵀ[O,I], and 0 where `rectified` is. */
export function denseInputGradient(r: DenseInputGradient): void {
  const rows = r.controls.rows;
  multiplyTransposed(r.dx, r.dy, r.w, r.rectified, r.scratch, rows, r.inputs, r.outputs, 0, panels(r.inputs));
}

/** dw[I,O] = xᵀ[I,B] · dy[B,O] and db[O] = Σ dy */
export function denseWeightGradient(r: DenseWeightGradient): void {
  const rows = r.controls.rows;
  multiplyByTransposed(r.dw, r.x, r.dy, rows, r.inputs, r.outputs, 0, panels(r.inputs));
  if (r.db) sumRows(r.db, r.dy, rows, 0, panels(r.outputs));
}
