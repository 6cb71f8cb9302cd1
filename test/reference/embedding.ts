/** Tables of rows that whole numbers name, in float64. */
import { at } from './activations.js';

export interface Table {
  readonly columns: number;
  /** Indices of a sample. */
  readonly steps: number;
  /** None where each index has a row of the output to itself. */
  readonly mode: 'sum' | 'mean' | undefined;
  readonly pad: number | undefined;
}

/**
 * For each place in x: the row of the output that it goes to, and how much of it; none for those that count as nothing.
 */
function places(x: Float64Array, { steps, mode, pad }: Table): { index: number; row: number; share: number }[] {
  return Array.from(x).flatMap((index, i) => {
    if (mode === undefined) return [{ index, row: i, share: 1 }];
    if (index === pad) return [];
    const row = Math.floor(i / steps);
    const count = x.subarray(row * steps, (row + 1) * steps).filter(value => value !== pad).length;
    return [{ index, row, share: mode === 'mean' ? 1 / count : 1 }];
  });
}

export function embeddingForward(x: Float64Array, weight: Float64Array, table: Table): Float64Array {
  const { columns, steps, mode } = table;
  const y = new Float64Array((mode === undefined ? x.length : x.length / steps) * columns);
  for (const { index, row, share } of places(x, table)) {
    for (let c = 0; c < columns; c++) {
      y[row * columns + c] = at(y, row * columns + c) + share * at(weight, index * columns + c);
    }
  }
  return y;
}

export function embeddingBackward(x: Float64Array, dy: Float64Array, rows: number, table: Table): Float64Array {
  const { columns } = table;
  const dw = new Float64Array(rows * columns);
  for (const { index, row, share } of places(x, table)) {
    for (let c = 0; c < columns; c++) {
      dw[index * columns + c] = at(dw, index * columns + c) + share * at(dy, row * columns + c);
    }
  }
  return dw;
}
