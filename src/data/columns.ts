/** Columns of a row-major matrix that belong together: those of one input or output among all of them. */

interface Numbers {
  readonly [index: number]: number;
  readonly length: number;
}

/** Where columns lie in a row: `start` of `stride`, `columns` of them. */
export interface Columns {
  readonly start: number;
  readonly columns: number;
  readonly stride: number;
}

/** Puts a matrix of some columns into one that has more beside them. */
export function putColumns(into: { [index: number]: number }, values: Numbers, place: Columns): void {
  const { start, columns, stride } = place;
  for (let i = 0, at = start; i < values.length; at += stride) {
    for (let column = 0; column < columns; column++, i++) into[at + column] = values[i] ?? 0;
  }
}

/** Takes those columns out of all rows of `from`, into `out`. */
export function takeColumns<N extends Numbers & { [index: number]: number }>(from: Numbers, out: N, place: Columns): N {
  const { start, columns, stride } = place;
  for (let i = 0, at = start; i < out.length; at += stride) {
    for (let column = 0; column < columns; column++, i++) out[i] = from[at + column] ?? 0;
  }
  return out;
}
