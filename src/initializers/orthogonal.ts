import { wrongValue } from '../errors.js';
import type { Random } from '../random.js';
import { defineInitializer, type Fill } from './define.js';

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/**
 * `count` orthonormal vectors of `length` >= `count` in a random direction: the Q of a normal matrix's QR
 * decomposition.
 *
 * Modified Gram–Schmidt divides by a norm, so R's diagonal is positive, and that is the sign which makes Q uniform over
 * all rotations. Its error is about float64's precision times the matrix's condition number, some 1e-16 × 1e4 for
 * normal matrices in the hundreds: one pass is far within float32.
 */
function orthonormalVectors(count: number, length: number, random: Random): Float64Array[] {
  const done: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (const q of done) {
      const overlap = dot(q, vector);
      for (let i = 0; i < length; i++) vector[i] = (vector[i] ?? 0) - overlap * (q[i] ?? 0);
    }
    const norm = Math.sqrt(dot(vector, vector));
    done.push(vector.map(value => value / norm));
  }
  return done;
}

/**
 * A random matrix with orthonormal columns (rows, where it is wider than tall) times `gain`: `orthogonal({ gain: 1 })`.
 * Of more than two dimensions, all but the last count as rows. RangeError for a parameter of fewer than two.
 *
 * Source: Saxe, McClelland and Ganguli, «Exact solutions to the nonlinear dynamics of learning in deep linear neural
 * networks», 2013.
 */
export const orthogonal = defineInitializer('orthogonal', { gain: 1 });

export const fillOrthogonal: Fill<{ gain: number }> = (values, { gain }, shape, random) => {
  const columns = shape.at(-1);
  if (columns === undefined || shape.length < 2) {
    throw wrongValue(
      'orthogonal',
      'a shape of at least two dimensions',
      `[${shape}]`,
      'use it for weights, not biases',
    );
  }
  const rows = values.length / columns;
  const tall = rows >= columns;
  orthonormalVectors(Math.min(rows, columns), Math.max(rows, columns), random).forEach((vector, k) => {
    vector.forEach((value, i) => {
      values[tall ? i * columns + k : k * columns + i] = gain * value;
    });
  });
};
