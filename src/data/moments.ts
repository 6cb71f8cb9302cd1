/** Means and variances of columns, as normalisation takes them. */

export interface Moments {
  readonly mean: Float64Array;
  /** Biased: the mean of the squares. */
  readonly variance: Float64Array;
}

/**
 * Of a row-major matrix whose numbers are multiplied by `scale`; in two passes, so that far from 0 no digits are lost.
 */
export function momentsOf(values: ArrayLike<number>, columns: number, scale = 1): Moments {
  const rows = values.length / columns;
  const [mean, variance] = [new Float64Array(columns), new Float64Array(columns)];
  for (let i = 0; i < values.length; i += columns) {
    for (let c = 0; c < columns; c++) mean[c] = (mean[c] ?? 0) + ((values[i + c] ?? 0) * scale) / rows;
  }
  for (let i = 0; i < values.length; i += columns) {
    for (let c = 0; c < columns; c++) {
      const away = (values[i + c] ?? 0) * scale - (mean[c] ?? 0);
      variance[c] = (variance[c] ?? 0) + (away * away) / rows;
    }
  }
  return { mean, variance };
}
