/** The layout of matrices in linear memory: panels of 16 columns, `[columns / 16][rows][16]`, zero beyond the columns. */

/** Columns in a panel. */
export const PANEL = 16;

export function panelCount(columns: number): number {
  return Math.ceil(columns / PANEL);
}

/** Bytes of a float32 matrix in panels. */
export function panelBytes(rows: number, columns: number): number {
  return panelCount(columns) * rows * PANEL * 4;
}

/** Copies a row-major matrix into panels; the padding of `panels` is left as it is, which is 0. */
export function toPanels(panels: Float32Array, values: ArrayLike<number>, rows: number, columns: number): void {
  // Sixteen at a time: models are loaded where code runs for the first time, and is slow.
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  for (let column = 0; column < columns; column += PANEL) {
    const width = Math.min(PANEL, columns - column);
    let to = panelIndex(rows, 0, column);
    for (let from = column; from < rows * columns; from += columns) {
      panels.set(floats.subarray(from, from + width), to);
      to += PANEL;
    }
  }
}

/** The row-major copy of a matrix in panels. */
export function fromPanels(panels: Float32Array, rows: number, columns: number): Float32Array {
  const values = new Float32Array(rows * columns);
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
