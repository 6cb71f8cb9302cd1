/** Layers that put numbers elsewhere: the nodes of graphs that take one other. */
import { checkInteger, wrongType, wrongValue } from '../errors.js';
import type { Builder, Extent, Value } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { rearrange, sumRepeated } from '../plan/ops/batch.js';
import { copyColumns } from '../plan/ops/merge.js';
import { batchShape, type Shape, size } from '../shape.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';

/** Columns of the last axis, from `start` up to, not with, `end`. */
export interface SliceLayer {
  readonly kind: 'slice';
  readonly start: number;
  readonly end: number;
}

/** The axes of a sample in another order. */
export interface PermuteLayer {
  readonly kind: 'permute';
  readonly axes: readonly number[];
}

/** The same row at each of so many positions. */
export interface RepeatVectorLayer {
  readonly kind: 'repeatVector';
  readonly times: number;
}

const MOST = 2 ** 24;

export function sliceConfig({ start, end }: Omit<SliceLayer, 'kind'>): SliceLayer {
  checkInteger('slice: start', start, 0, MOST - 1);
  return Object.freeze({ kind: 'slice', start, end: checkInteger('slice: end', end, start + 1, MOST) });
}

export function permuteConfig(axes: readonly number[]): PermuteLayer {
  if (!Array.isArray(axes)) throw wrongType('permute: axes', 'a list such as [1, 0]', axes);
  const checked = Array.from(axes, (axis: unknown) => checkInteger('permute: axes', axis, 0, axes.length - 1));
  if (new Set(checked).size < checked.length) {
    throw wrongValue('permute: axes', `each of 0 to ${axes.length - 1} once`, checked.join(', '));
  }
  return Object.freeze({ kind: 'permute', axes: Object.freeze(checked) });
}

export function repeatVectorConfig(times: number): RepeatVectorLayer {
  return Object.freeze({ kind: 'repeatVector', times: checkInteger('repeatVector: n', times, 1, MOST) });
}

export const sliceLayer: LayerDefinition<SliceLayer, undefined> = {
  describe: ({ start, end }) => `slice(${start} to ${end})`,
  outputShape({ start, end }, input, from) {
    if (end > (input.at(-1) ?? 1)) {
      throw wrongValue('slice: end', `at most the last axis of ${batchShape(input)} from ${from}`, end);
    }
    return [...input.slice(0, -1), end - start];
  },
  parameters: () => [],
  layout: () => 'lastAxis',

  forward(builder, { layer, place, name, input }) {
    const { positions } = input;
    const columns = layer.end - layer.start;
    const y = builder.value(place, { positions, columns });
    const fields = { y: y.data, x: input.data, columns, from: layer.start, to: 0, count: columns, alone: 0 };
    builder.emit(copyColumns, name, fields, positions);
    return { output: y, saved: undefined };
  },
};

export const sliceBackward: LayerBackward<SliceLayer, undefined> = (builder, site, { output }, gradients) => {
  const { layer, name, input } = site;
  const { positions, columns } = input;
  gradients.give(input, name, dx => {
    const places = { y: dx, x: gradients.of(output), columns };
    builder.emit(
      copyColumns,
      name,
      { ...places, from: 0, to: layer.start, count: output.columns, alone: 1 },
      positions,
    );
  });
};

/** For each number of the permuted sample its place in the one before. */
function permutation(shape: Shape, axes: readonly number[]): Int32Array {
  const strides = shape.map((_, axis) => size(shape.slice(axis + 1)));
  const lengths = axes.map(axis => shape[axis] ?? 1);
  return Int32Array.from({ length: size(shape) }, (_, place) => {
    let rest = place;
    let source = 0;
    for (let k = axes.length - 1; k >= 0; k--) {
      const length = lengths[k] ?? 1;
      source += (rest % length) * (strides[axes[k] ?? 0] ?? 0);
      rest = Math.floor(rest / length);
    }
    return source;
  });
}

function emitPermuted(
  builder: Builder,
  { place, name, inputShape, layer }: Site<PermuteLayer>,
  way: 'there' | 'back',
  from: { data: Region } & Extent,
  to: { data: Region } & Extent,
): void {
  const table = builder.constant(place, way, () => {
    const there = permutation(inputShape, layer.axes);
    if (way === 'there') return there;
    const back = new Int32Array(there.length);
    there.forEach((source, index) => {
      back[source] = index;
    });
    return back;
  });
  const places = { y: to.data, x: from.data, table };
  const sizes = { columns: to.columns, from: from.columns, fromPositions: from.positions };
  builder.emit(rearrange, name, { ...places, ...sizes }, to.positions);
}

export const permuteLayer: LayerDefinition<PermuteLayer, undefined> = {
  describe: ({ axes }) => `permute(${axes.join(', ')})`,
  outputShape({ axes }, input, from) {
    if (axes.length !== input.length) {
      throw wrongValue('permute: axes', `${input.length} for ${batchShape(input)} from ${from}`, axes.length);
    }
    return axes.map(axis => input[axis] ?? 1);
  },
  parameters: () => [],
  layout: () => 'any',

  forward(builder, site) {
    const { place, input, outputShape } = site;
    const extent = { positions: size(outputShape.slice(0, -1)), columns: outputShape.at(-1) ?? 1 };
    const y = builder.value(place, extent);
    emitPermuted(builder, site, 'there', input, y);
    return { output: y, saved: undefined };
  },
};

export const permuteBackward: LayerBackward<PermuteLayer, undefined> = (builder, site, { output }, gradients) => {
  const { name, input } = site;
  gradients.give(input, name, data => {
    emitPermuted(builder, site, 'back', { ...output, data: gradients.of(output) }, { ...input, data });
  });
};

export const repeatVectorLayer: LayerDefinition<RepeatVectorLayer, undefined> = {
  describe: ({ times }) => `repeatVector(${times})`,
  outputShape({ times }, input, from) {
    if (input.length === 1) return [times, ...input];
    throw wrongValue(
      'repeatVector',
      'input [rows, features]',
      `${batchShape(input)} from ${from}`,
      'put flatten() before it',
    );
  },
  parameters: () => [],
  layout: () => 'flat',

  forward(builder, { layer, place, name, input }) {
    const { columns } = input;
    const y: Value = builder.value(place, { positions: layer.times, columns });
    const places = { y: y.data, x: input.data, table: 0 } as const;
    builder.emit(rearrange, name, { ...places, columns, from: columns, fromPositions: 1 }, layer.times);
    return { output: y, saved: undefined };
  },
};

export const repeatVectorBackward: LayerBackward<RepeatVectorLayer, undefined> = (
  builder,
  site,
  { output },
  gradients,
) => {
  const { layer, name, input } = site;
  gradients.give(input, name, dx => {
    builder.emit(sumRepeated, name, { dx, dy: gradients.of(output), columns: input.columns, times: layer.times });
  });
};
