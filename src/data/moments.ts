/** Means and variances of columns, as normalisation takes them. */

export interface Moments {
  /** How many rows they are of. */
  readonly rows: number;
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
  return { rows, mean, variance };
}

/**
 * Of the rows of both.
 *
 * Source: Chan, Golub and LeVeque, «Updating formulae and a pairwise algorithm for computing sample variances», 1979.
 */
export function joinedMoments(a: Moments, b: Moments): Moments {
  const rows = a.rows + b.rows;
  const share = b.rows / rows;
  const mean = a.mean.map((own, c) => own + ((b.mean[c] ?? 0) - own) * share);
  const variance = a.variance.map((own, c) => {
    const apart = (b.mean[c] ?? 0) - (a.mean[c] ?? 0);
    return own * (1 - share) + (b.variance[c] ?? 0) * share + apart * apart * share * (1 - share);
  });
  return { rows, mean, variance };
}
