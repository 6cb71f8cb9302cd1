/** A network as a table for people. */
import { type Architecture, placedLayers } from './architecture.js';
import { describeActivation } from './layers/activations.js';
import { definitionOf } from './layers/index.js';
import { formatBytes, storedParts, type WeightFormat } from './plan/formats.js';
import { batchShape, size } from './shape.js';

/** Rows of cells with every column as wide as its widest cell; numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => rows.reduce((w, row) => Math.max(w, row[column]?.length ?? 0), 0));
  return rows
    .map(row =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return /^-?[\d,.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Layer by layer: name, what it is, the shape it gives, and its parameters; then the sum. */
export function summarize(architecture: Architecture, weights: WeightFormat = 'float32'): string {
  let total = 0;
  let bytes = 0;
  const rows = placedLayers(architecture).map(({ layer, name, outputShape, parameters }) => {
    const count = parameters.reduce((sum, { shape }) => sum + size(shape), 0);
    total += count;
    const stored = parameters.flatMap(spec => storedParts(spec.name, spec.shape, weights));
    bytes += stored.reduce((sum, { shape, format }) => sum + size(shape) * formatBytes[format], 0);
    const activation = layer.kind === 'dense' ? describeActivation(layer.activation) : '';
    const what = definitionOf(layer).describe(layer);
    return [name, activation ? `${what} ${activation}` : what, batchShape(outputShape), count.toLocaleString('en-US')];
  });
  const head = ['layer', 'kind', 'output', 'parameters'];
  const input = ['input', '', batchShape(architecture.inputShape), ''];
  const lines = table([head, input, ...rows]);
  const weight = bytes < 1024 ? `${bytes} B` : bytes < 2 ** 20 ? kibi(bytes) : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${lines}\n${total.toLocaleString('en-US')} parameters, ${weight}`;
}

function kibi(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
