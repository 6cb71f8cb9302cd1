/** Standardisation of a column: float64 with + − × ÷ and √ only, so the same bits on every engine. */

/** Shift and divisor of a numeric column. A scale of 0 marks a column that never varied: it is always encoded as 0. */
export interface Scaling {
  mean: number;
  scale: number;
}

/**
 * Mean and population standard deviation of `values`, as scikit-learn's StandardScaler takes them. Values that are all
 * the same give scale 0.
 */
export function fitScaling(values: ArrayLike<number>): Scaling {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  // The mean of equal numbers may miss them by a rounding; the range cannot.
  const range = max - min;
  if (range === 0) return { mean: min, scale: 0 };
  const mean = sum / values.length;
  // Dividing by the range keeps the squares of very large or very small numbers within float64.
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = ((values[i] ?? 0) - mean) / range;
    squares += deviation * deviation;
  }
  return { mean, scale: range * Math.sqrt(squares / values.length) };
}

/** (value − mean) / scale, or 0 where the column never varied. */
export function standardise(value: number, { mean, scale }: Scaling): number {
  return scale === 0 ? 0 : (value - mean) / scale;
}

/** The inverse of `standardise`. */
export function restore(value: number, { mean, scale }: Scaling): number {
  return mean + value * scale;
}
