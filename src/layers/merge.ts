/** What makes one value of several with fitting shapes, or another one of its kind: the nodes of graphs alone. */
import { wrongKind, wrongValue } from '../errors.js';
import type { Value } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { MergeKind } from '../plan/opcodes.js';
import { copyColumns, mergeForward, mergeGradient } from '../plan/ops/merge.js';
import { batchShape, type Shape } from '../shape.js';
import type { LayerBackward, LayerDefinition, Source } from './layer.js';

interface Elementwise<K extends string> {
  readonly kind: K;
}
export type AddLayer = Elementwise<'add'>;
export type SubtractLayer = Elementwise<'subtract'>;
export type MultiplyLayer = Elementwise<'multiply'>;
export type AverageLayer = Elementwise<'average'>;
export type MaximumLayer = Elementwise<'maximum'>;
export type MergeLayer = AddLayer | SubtractLayer | MultiplyLayer | AverageLayer | MaximumLayer;

export interface ConcatenateLayer {
  readonly kind: 'concatenate';
}

/** What an average adds up before it divides. */
const kinds = {
  add: MergeKind.add,
  subtract: MergeKind.subtract,
  multiply: MergeKind.multiply,
  average: MergeKind.add,
  maximum: MergeKind.maximum,
} as const;

function refuseOne(kind: string, sources: readonly Source[]): void {
  if (sources.length > 1 && (kind !== 'subtract' || sources.length === 2)) return;
  const expected = kind === 'subtract' ? 'two nodes' : 'at least two nodes';
  throw wrongValue(kind, expected, String(sources.length), `write ${kind}(a, b)`);
}

function doNotFit(kind: string, expected: string, a: Source, b: Source): TypeError {
  return wrongKind(kind, expected, `${batchShape(a.shape)} from ${a.name} and ${batchShape(b.shape)} from ${b.name}`);
}

export const mergeLayer: LayerDefinition<MergeLayer, readonly Value[]> = {
  describe: ({ kind }) => kind,
  merges: true,

  outputShape({ kind }, shape, __, sources) {
    refuseOne(kind, sources);
    const [first] = sources;
    const odd = sources.find(source => source.shape.join() !== shape.join());
    if (first && odd) throw doNotFit(kind, 'nodes of one shape', first, odd);
    return shape;
  },

  parameters: () => [],
  steps: () => 'each',
  layout: () => 'any',

  // One after the other, for each of two its own record; what was made of the first ones is what the way back needs.
  forward(builder, { layer: { kind }, place, name, input, inputs }) {
    const made = inputs.slice(1).map((_, k) => {
      const role = k === inputs.length - 2 ? '' : `of ${k + 2}`;
      return builder.value(place, input, { role });
    });
    const { positions, columns } = input;
    made.forEach((y, k) => {
      const [a, b] = [k === 0 ? input.data : (made[k - 1]?.data ?? 0), inputs[k + 1]?.data ?? 0] as const;
      const scale = kind === 'average' && k === made.length - 1 ? 1 / inputs.length : 1;
      builder.emit(mergeForward, name, { y: y.data, a, b, columns, kind: kinds[kind], scale }, positions);
    });
    return { output: made.at(-1) ?? input, saved: made };
  },
};

export const mergeBackward: LayerBackward<MergeLayer, readonly Value[]> = (builder, site, { saved }, gradients) => {
  const { layer, name, input, inputs } = site;
  const kind = kinds[layer.kind];
  const { positions, columns } = input;
  for (let k = saved.length - 1; k >= 0; k--) {
    const [y, a, b] = [saved[k], k === 0 ? input : saved[k - 1], inputs[k + 1]];
    if (!y || !a || !b) continue;
    const scale = layer.kind === 'average' && k === saved.length - 1 ? 1 / inputs.length : 1;
    for (const [own, other, second] of [
      [a, b, 0],
      [b, a, 1],
    ] as const) {
      const emit = (dx: Region) => {
        const places = { dx, dy: gradients.of(y), x: own.data, other: other.data };
        builder.emit(mergeGradient, name, { ...places, columns, kind, second, scale }, positions);
      };
      // What the first ones made has no other reader, and nobody else asks for its gradient.
      if (own === a && k > 0) emit(gradients.of(own));
      else gradients.give(own, name, emit);
    }
  }
};

export const concatenateLayer: LayerDefinition<ConcatenateLayer, undefined> = {
  describe: () => 'concatenate',
  merges: true,

  outputShape(_, shape, __, sources) {
    refuseOne('concatenate', sources);
    const [first] = sources;
    const front = (of: Shape) => of.slice(0, -1).join();
    const odd = sources.find(source => source.shape.length !== shape.length || front(source.shape) !== front(shape));
    if (first && odd) throw doNotFit('concatenate', 'nodes of one shape but for the last axis', first, odd);
    return [...shape.slice(0, -1), sources.reduce((sum, source) => sum + (source.shape.at(-1) ?? 0), 0)];
  },

  parameters: () => [],
  steps: () => 'each',
  layout: () => 'lastAxis',

  forward(builder, { place, name, input, inputs }) {
    const { positions } = input;
    const columns = inputs.reduce((sum, value) => sum + value.columns, 0);
    const y = builder.value(place, { positions, columns });
    // The last one first: it makes the padding 0, and so no record leaves any behind.
    let to = columns;
    for (const x of inputs.toReversed()) {
      to -= x.columns;
      const fields = { y: y.data, x: x.data, columns, from: 0, to, count: x.columns, alone: 0 };
      builder.emit(copyColumns, name, fields, positions);
    }
    return { output: y, saved: undefined };
  },
};

export const concatenateBackward: LayerBackward<ConcatenateLayer, undefined> = (
  builder,
  site,
  { output },
  gradients,
) => {
  let from = 0;
  for (const x of site.inputs) {
    const { columns, positions } = x;
    const start = from;
    gradients.give(x, site.name, dx => {
      const fields = { y: dx, x: gradients.of(output), columns, from: start, to: 0, count: columns, alone: 0 };
      builder.emit(copyColumns, site.name, fields, positions);
    });
    from += columns;
  }
};
