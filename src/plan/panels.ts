/** The layout of matrices in linear memory: panels of 16 columns, `[columns / 16][rows][16]`, zero beyond them. */

import { formatBytes, type StoredNumbers, type WeightFormat } from './formats.js';

/** Columns in a panel. */
export const PANEL = 16;
/** Bytes of a panel's row. */
export const ROW_BYTES = PANEL * 4;

export function panelCount(columns: number): number {
  return Math.ceil(columns / PANEL);
}

/** Bytes of a matrix in panels, float32 by default. */
export function panelBytes(rows: number, columns: number, format: WeightFormat = 'float32'): number {
  return panelCount(columns) * rows * PANEL * formatBytes[format];
}

/** Copies a row-major matrix into panels; the padding of `panels` is left as it is, which is 0. */
export function toPanels(
  panels: StoredNumbers,
  values: StoredNumbers | ArrayLike<number>,
  rows: number,
  columns: number,
): void {
  // Sixteen at a time: models are loaded where code runs for the first time, and is slow.
  const numbers = 'subarray' in values ? values : Float32Array.from(values);
  for (let column = 0; column < columns; column += PANEL) {
    const width = Math.min(PANEL, columns - column);
    let to = panelIndex(rows, 0, column);
    for (let from = column; from < rows * columns; from += columns) {
      panels.set(numbers.subarray(from, from + width), to);
      to += PANEL;
    }
  }
}

/** The row-major copy of a matrix in panels. */
export function fromPanels<N extends StoredNumbers>(panels: N, rows: number, columns: number): N {
  const values = panels.slice(0, rows * columns) as N;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[row * columns + column] = panels[panelIndex(rows, row, column)] ?? 0;
    }
  }
  return values;
}

function panelIndex(rows: number, row: number, column: number): number {
  return (Math.floor(column / PANEL) * rows + row) * PANEL + (column % PANEL);
}
