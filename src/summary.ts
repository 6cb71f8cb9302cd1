/** A network as a table for people. */
import { type Architecture, inputsOf, outputsOf, placedLayers } from './architecture.js';
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

/** Layer by layer: name, what it is, the shape it gives, its parameters, and in a graph what it reads; then the sum. */
export function summarize(architecture: Architecture, weights: WeightFormat = 'float32'): string {
  let total = 0;
  let bytes = 0;
  const placed = placedLayers(architecture);
  const isChain = architecture.from === undefined;
  const rows = placed.map(({ layer, name, outputShape, parameters, from, shared }) => {
    const count = parameters.reduce((sum, { shape }) => sum + size(shape), 0);
    total += count;
    const stored = parameters.flatMap(spec => storedParts(spec, weights));
    bytes += stored.reduce((sum, { shape, format }) => sum + size(shape) * formatBytes[format], 0);
    const activation = layer.kind === 'dense' ? describeActivation(layer.activation) : '';
    const what = definitionOf(layer).describe(layer);
    const numbers = shared === undefined ? count.toLocaleString('en-US') : `of ${placed[shared]?.name}`;
    const reads = from.map(source => (typeof source === 'number' ? placed[source]?.name : source)).join(', ');
    return [name, activation ? `${what} ${activation}` : what, batchShape(outputShape), numbers, reads];
  });
  const head = ['layer', 'kind', 'output', 'parameters', 'reads'];
  const inputs = inputsOf(architecture).map(({ key, shape }) => [key, 'input', batchShape(shape), '', '']);
  const outputs = outputsOf(architecture, placed).flatMap(({ name, node, shape }) => {
    return name === undefined ? [] : [[name, 'output', batchShape(shape), '', placed[node]?.name ?? '']];
  });
  const lines = table([head, ...inputs, ...rows, ...outputs].map(row => (isChain ? row.slice(0, 4) : row)));
  const weight = bytes < 1024 ? `${bytes} B` : bytes < 2 ** 20 ? kibi(bytes) : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${lines}\n${total.toLocaleString('en-US')} parameters, ${weight}`;
}

function kibi(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
