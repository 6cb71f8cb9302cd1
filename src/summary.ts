/** A network as a table for people. */
import { type Architecture, inputsOf, outputsOf, placedLayers } from './architecture.js';
import { describeActivation } from './layers/activations.js';
import { definitionOf } from './layers/index.js';
import type { Plan } from './plan/builder.js';
import { formatBytes, storedParts, type WeightFormat } from './plan/formats.js';
import { Region } from './plan/memory.js';
import { scalarsOf } from './plan/ops/op.js';
import { multiplyAddsOf, recordsOf } from './plan/work.js';
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

/** What each layer takes in predicting one row, by name: multiply-adds, and bytes of all values that it keeps. */
function takenBy(plan: Plan): (name: string) => { multiplyAdds: number; bytes: number } {
  const records = recordsOf(plan, 'predict');
  const multiplyAdds = multiplyAddsOf(records, plan.capacity);
  return name => {
    const made = new Set<Region>();
    let sum = 0;
    records.forEach(({ op, owner, fields }, index) => {
      if (owner !== name) return;
      sum += multiplyAdds[index] ?? 0;
      const access = op.access(scalarsOf(fields));
      for (const [field, { writes, share }] of Object.entries(access)) {
        const region = fields[field];
        // What is written by rows are values; scratch and weights of other formats are not.
        if (writes && share === 'rows' && region instanceof Region) made.add(region.root);
      }
    });
    made.delete(plan.region('predictions'));
    const bytes = [...made].reduce((total, region) => total + region.bytes, 0);
    return { multiplyAdds: sum / plan.capacity, bytes: bytes / plan.capacity };
  };
}

/**
 * Layer by layer: name, what it is, the shape it gives, its parameters, what it takes, and in a graph what it reads;
 * then the sums.
 */
export function summarize(architecture: Architecture, weights: WeightFormat, plan: Plan): string {
  const sums = { parameters: 0, stored: 0, multiplyAdds: 0, made: 0 };
  const placed = placedLayers(architecture);
  const isChain = architecture.from === undefined;
  const taken = takenBy(plan);
  const rows = placed.map(({ layer, name, outputShape, parameters, from, shared }) => {
    const count = parameters.reduce((sum, { shape }) => sum + size(shape), 0);
    const stored = parameters.flatMap(spec => storedParts(spec, weights));
    const { multiplyAdds, bytes } = taken(name);
    sums.parameters += count;
    sums.stored += stored.reduce((sum, { shape, format }) => sum + size(shape) * formatBytes[format], 0);
    sums.multiplyAdds += multiplyAdds;
    sums.made += bytes;
    const activation = layer.kind === 'dense' ? describeActivation(layer.activation) : '';
    const what = definitionOf(layer).describe(layer);
    const numbers = shared === undefined ? grouped(count) : `of ${placed[shared]?.name}`;
    const reads = from.map(source => (typeof source === 'number' ? placed[source]?.name : source)).join(', ');
    const kind = activation ? `${what} ${activation}` : what;
    return [name, kind, batchShape(outputShape), numbers, grouped(multiplyAdds), inBytes(bytes), reads];
  });
  const head = ['layer', 'kind', 'output', 'parameters', 'multiply-adds', 'memory', 'reads'];
  const inputs = inputsOf(architecture).map(({ key, shape }) => [key, 'input', batchShape(shape), '', '', '', '']);
  const outputs = outputsOf(architecture, placed).flatMap(({ name, node, shape }) => {
    return name === undefined ? [] : [[name, 'output', batchShape(shape), '', '', '', placed[node]?.name ?? '']];
  });
  const lines = table([head, ...inputs, ...rows, ...outputs].map(row => (isChain ? row.slice(0, -1) : row)));
  const whole = `${grouped(sums.parameters)} parameters, ${inBytes(sums.stored)}`;
  return `${lines}\n${whole}; a row takes ${grouped(sums.multiplyAdds)} multiply-adds, ${inBytes(sums.made)}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function inBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  return bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
