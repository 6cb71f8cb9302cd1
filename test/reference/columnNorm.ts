/** Normalisation of columns in float64: by a batch's own mean and variance, or by given ones. */
import { at } from './activations.js';

export interface ColumnNorm {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly gamma: Float64Array | undefined;
  readonly beta: Float64Array | undefined;
  readonly epsilon: number;
  /** Whether normal numbers are turned into such of that mean and variance. */
  readonly invert: boolean;
  /** Whether mean and variance are given, and not the batch's own. */
  readonly fixed: boolean;
}

export function momentsOf(x: Float64Array, columns: number): { mean: Float64Array; variance: Float64Array } {
  const rows = x.length / columns;
  const column = (c: number) => Array.from({ length: rows }, (_, row) => at(x, row * columns + c));
  const mean = Float64Array.from({ length: columns }, (_, c) => column(c).reduce((sum, v) => sum + v, 0) / rows);
  const variance = mean.map((m, c) => column(c).reduce((sum, v) => sum + (v - m) ** 2, 0) / rows);
  return { mean, variance };
}

function deviationOf({ variance, epsilon }: ColumnNorm, column: number): number {
  return Math.sqrt(at(variance, column) + epsilon) || 1;
}

export function columnNormForward(x: Float64Array, norm: ColumnNorm): Float64Array {
  const { mean, gamma, beta, invert } = norm;
  return x.map((value, i) => {
    const c = i % mean.length;
    const deviation = deviationOf(norm, c);
    if (invert) return value * deviation + at(mean, c);
    return ((value - at(mean, c)) / deviation) * (gamma ? at(gamma, c) : 1) + (beta ? at(beta, c) : 0);
  });
}

export function columnNormBackward(x: Float64Array, dy: Float64Array, norm: ColumnNorm) {
  const { mean, gamma, invert, fixed } = norm;
  const columns = mean.length;
  const rows = x.length / columns;
  const [dgamma, dbeta] = [new Float64Array(columns), new Float64Array(columns)];
  const normal = x.map((value, i) => (value - at(mean, i % columns)) / deviationOf(norm, i % columns));
  dy.forEach((value, i) => {
    dgamma[i % columns] = at(dgamma, i % columns) + value * at(normal, i);
    dbeta[i % columns] = at(dbeta, i % columns) + value;
  });
  const dx = dy.map((value, i) => {
    const c = i % columns;
    if (invert) return value * deviationOf(norm, c);
    const means = fixed ? 0 : (at(dbeta, c) + at(normal, i) * at(dgamma, c)) / rows;
    return ((value - means) * (gamma ? at(gamma, c) : 1)) / deviationOf(norm, c);
  });
  return { dx, dgamma, dbeta };
}
