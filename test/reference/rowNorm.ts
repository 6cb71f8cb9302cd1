/** Layer normalisation and RMS normalisation in float64, from their definitions. */
import { at } from './activations.js';

interface Sizes {
  readonly columns: number;
  readonly epsilon: number;
  /** Whether the mean is taken off. */
  readonly centered: boolean;
}

/** Each row normalised, with what it was divided by. */
function normal(x: Float64Array, { columns, epsilon, centered }: Sizes): { normal: Float64Array; divisors: number[] } {
  const divisors: number[] = [];
  const result = new Float64Array(x.length);
  for (let first = 0; first < x.length; first += columns) {
    const row = x.subarray(first, first + columns);
    const mean = centered ? row.reduce((sum, value) => sum + value, 0) / columns : 0;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / columns;
    const divisor = Math.sqrt(variance + epsilon);
    divisors.push(divisor);
    row.forEach((value, i) => {
      result[first + i] = (value - mean) / divisor;
    });
  }
  return { normal: result, divisors };
}

export function rowNormForward(
  x: Float64Array,
  gamma: Float64Array,
  beta: Float64Array | undefined,
  sizes: Sizes,
): Float64Array {
  return normal(x, sizes).normal.map((value, i) => {
    const column = i % sizes.columns;
    return value * at(gamma, column) + (beta ? at(beta, column) : 0);
  });
}

export function rowNormBackward(
  x: Float64Array,
  gamma: Float64Array,
  dy: Float64Array,
  sizes: Sizes,
): { dx: Float64Array; dgamma: Float64Array; dbeta: Float64Array } {
  const { columns, centered } = sizes;
  const { normal: xHat, divisors } = normal(x, sizes);
  const [dx, dgamma, dbeta] = [new Float64Array(x.length), new Float64Array(columns), new Float64Array(columns)];
  divisors.forEach((divisor, row) => {
    const g = Float64Array.from({ length: columns }, (_, c) => at(dy, row * columns + c) * at(gamma, c));
    const level = centered ? g.reduce((sum, value) => sum + value, 0) / columns : 0;
    const slope = g.reduce((sum, value, c) => sum + value * at(xHat, row * columns + c), 0) / columns;
    g.forEach((value, c) => {
      const i = row * columns + c;
      dx[i] = (value - level - at(xHat, i) * slope) / divisor;
      dgamma[c] = at(dgamma, c) + at(dy, i) * at(xHat, i);
      dbeta[c] = at(dbeta, c) + at(dy, i);
    });
  });
  return { dx, dgamma, dbeta };
}
