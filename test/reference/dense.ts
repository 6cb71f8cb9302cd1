/** The dense layer in naive float64, row-major: three nested loops each way. */
import { at } from './activations.js';

/** y[B,O] = x[B,I] · w[I,O] + b[O]. */
export function denseForward(
  x: Float64Array,
  w: Float64Array,
  b: Float64Array | undefined,
  inputs: number,
  outputs: number,
): Float64Array {
  const rows = x.length / inputs;
  const y = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = b === undefined ? 0 : at(b, o);
      for (let i = 0; i < inputs; i++) sum += at(x, r * inputs + i) * at(w, i * outputs + o);
      y[r * outputs + o] = sum;
    }
  }
  return y;
}

/** dx[B,I] = dy · wᵀ, dw[I,O] = xᵀ · dy, db[O] = column sums of dy. */
export function denseBackward(
  x: Float64Array,
  w: Float64Array,
  dy: Float64Array,
  inputs: number,
  outputs: number,
): { dx: Float64Array; dw: Float64Array; db: Float64Array } {
  const rows = x.length / inputs;
  const dx = new Float64Array(rows * inputs);
  const dw = new Float64Array(inputs * outputs);
  const db = new Float64Array(outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      const d = at(dy, r * outputs + o);
      db[o] = at(db, o) + d;
      for (let i = 0; i < inputs; i++) {
        dx[r * inputs + i] = at(dx, r * inputs + i) + d * at(w, i * outputs + o);
        dw[i * outputs + o] = at(dw, i * outputs + o) + d * at(x, r * inputs + i);
      }
    }
  }
  return { dx, dw, db };
}
