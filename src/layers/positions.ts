/** Layers that move positions: borders put around images and taken off, larger images, and other shapes. */
import { checkInteger, checkOptions, wrongType, wrongValue } from '../errors.js';
import { isList } from '../kinds.js';
import type { Builder, Extent } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { PoolKind } from '../plan/opcodes.js';
import { movePositions, poolForward } from '../plan/ops/convolution.js';
import { batchShape, checkShape, type Shape, size } from '../shape.js';
import { rankOf } from './convolution.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';
import { axesOf, checkImage, checkLengths, extentOfImage, type Lengths, windowOf } from './window.js';

/** How many positions before and after, for each axis. */
type Borders = readonly (readonly [before: number, after: number])[];

interface Bordered<K extends string> {
  readonly kind: K;
  readonly borders: Borders;
}

export type ZeroPadding2dLayer = Bordered<'zeroPadding2d'>;
export type ZeroPadding1dLayer = Bordered<'zeroPadding1d'>;
export type Cropping2dLayer = Bordered<'cropping2d'>;
export type BorderLayer = ZeroPadding2dLayer | ZeroPadding1dLayer | Cropping2dLayer;

export interface UpSampling2dLayer {
  readonly kind: 'upSampling2d';
  readonly factor: readonly number[];
}

export interface ReshapeLayer {
  readonly kind: 'reshape';
  readonly shape: Shape;
}

type Pair = readonly [before: number, after: number];

function checkPair(where: string, value: unknown): Pair {
  const pair: readonly unknown[] = isList(value) ? value : [value, value];
  if (pair.length !== 2) throw wrongType(where, 'a whole number, or two: [before, after]', value);
  const [before = 0, after = 0] = Array.from(pair, count => checkInteger(where, count, 0, 2 ** 16));
  return Object.freeze([before, after] as const);
}

function bordered<K extends BorderLayer['kind']>(kind: K, given: unknown, options: Record<string, never>): Bordered<K> {
  checkOptions(kind, options, []);
  const axes: readonly unknown[] = rankOf(kind) === 1 ? [given] : isList(given) ? given : [given, given];
  if (axes.length !== rankOf(kind)) throw wrongType(kind, 'a whole number or [[top, bottom], [left, right]]', given);
  return Object.freeze({ kind, borders: Object.freeze(Array.from(axes, axis => checkPair(kind, axis))) });
}

/**
 * Zeros around images, from `[rows, height, width, channels]` to so many lines and columns more: a whole number for all
 * sides, or `[[top, bottom], [left, right]]`.
 *
 * @throws TypeError or RangeError for anything else
 */
export function zeroPadding2d(
  padding: number | readonly [number | Pair, number | Pair],
  options: Record<string, never> = {},
): ZeroPadding2dLayer {
  return bordered('zeroPadding2d', padding, options);
}

/** Zeros before and after sequences, `[rows, steps, features]`: a whole number for both, or `[before, after]`. */
export function zeroPadding1d(padding: number | Pair, options: Record<string, never> = {}): ZeroPadding1dLayer {
  return bordered('zeroPadding1d', padding, options);
}

/** Lines and columns off images, given as {@link zeroPadding2d}'s are. RangeError where nothing would be left. */
export function cropping2d(
  cropping: number | readonly [number | Pair, number | Pair],
  options: Record<string, never> = {},
): Cropping2dLayer {
  return bordered('cropping2d', cropping, options);
}

/**
 * Images `factor` times as high and wide, each number repeated, from `[rows, height, width, channels]`.
 *
 * @param factor a whole number, or two: for height and width
 * @throws TypeError or RangeError for anything else
 */
export function upSampling2d(factor: Lengths, options: Record<string, never> = {}): UpSampling2dLayer {
  checkOptions('upSampling2d', options, []);
  return Object.freeze({ kind: 'upSampling2d', factor: checkLengths('upSampling2d: factor', factor, 2) });
}

/**
 * The same numbers, in their order, as another shape: `reshape([28, 28, 1])` from `[rows, 784]`. Nothing is moved.
 *
 * @throws RangeError where the shape is for another number of numbers
 */
export function reshape(shape: number | readonly number[], options: Record<string, never> = {}): ReshapeLayer {
  checkOptions('reshape', options, []);
  return Object.freeze({ kind: 'reshape', shape: checkShape('reshape: shape', shape) });
}

export const reshapeLayer: LayerDefinition<ReshapeLayer, undefined> = {
  describe: ({ shape }) => `reshape(${shape.join('×')})`,
  outputShape({ shape }, input, from) {
    if (size(shape) === size(input)) return shape;
    throw wrongValue('reshape: shape', `${size(input)} numbers, as ${batchShape(input)} from ${from}`, size(shape));
  },
  parameters: () => [],
  layout: () => 'flat',
  forward: (_, { input }) => ({ output: input, saved: undefined }),
};

/** For each position of the one image the position of the other that lies there, `shift` from it; −1 for none. */
export function shifted(to: Shape, from: Shape, shift: readonly number[]): Int32Array {
  return Int32Array.from({ length: size(to) }, (_, position) => {
    let [rest, source, stride] = [position, 0, 1];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const [length, other] = [to[axis] ?? 1, from[axis] ?? 1];
      const place = (rest % length) + (shift[axis] ?? 0);
      if (place < 0 || place >= other) return -1;
      source += place * stride;
      stride *= other;
      rest = Math.floor(rest / length);
    }
    return source;
  });
}

/** How rows are told: as of the record. */
interface Rows {
  /** By which input's lengths steps end, and whether it is y's places, and not the rows of x, that count from the end. */
  readonly lengths?: number;
  readonly places?: 0 | 1;
  /** Whether rows lie step by step, each of all samples, and not sample by sample: + 1 for those of y, + 2 of x. */
  readonly turned?: 0 | 1 | 2 | 3;
}

/** Emits that y has the positions of x that the table of that role names. */
export function emitMoved(
  builder: Builder,
  { place, name }: Site<unknown>,
  role: string,
  x: Extent & { data: Region },
  y: Extent & { data: Region },
  make: () => Int32Array,
  { lengths = 0, places = 0, turned = 0 }: Rows = {},
): void {
  const table = builder.constant(place, role, make);
  const fields = { y: y.data, x: x.data, table, columns: y.columns, from: x.positions, lengths, places, turned };
  builder.emit(movePositions, name, fields, y.positions);
}

/** Positions before each axis that are put on, or where they are taken off as a negative number. */
const shiftOf = ({ kind, borders }: BorderLayer) =>
  borders.map(([before]) => (kind === 'cropping2d' ? before : -before));

export const borderLayer: LayerDefinition<BorderLayer, undefined> = {
  describe: ({ kind, borders }) => `${kind}(${borders.map(pair => pair.join('+')).join(', ')})`,

  outputShape({ kind, borders }, input, from) {
    const lengths = checkImage(kind, input, from, rankOf(kind)).map((length, axis) => {
      const sum = (borders[axis]?.[0] ?? 0) + (borders[axis]?.[1] ?? 0);
      return kind === 'cropping2d' ? length - sum : length + sum;
    });
    const least = Math.min(...lengths);
    if (least < 1) throw wrongValue(kind, `something left of ${batchShape(input)} from ${from}`, least);
    return [...lengths, input.at(-1) ?? 1];
  },

  parameters: () => [],
  layout: () => 'lastAxis',

  forward(builder, site) {
    const { layer, place, input, inputShape, outputShape } = site;
    const y = builder.value(place, extentOfImage(outputShape), { rectified: input.rectified });
    const [to, from] = [outputShape.slice(0, -1), inputShape.slice(0, -1)];
    emitMoved(builder, site, 'there', input, y, () => shifted(to, from, shiftOf(layer)));
    return { output: y, saved: undefined };
  },
};

export const borderBackward: LayerBackward<BorderLayer, undefined> = (builder, site, { output }, gradients) => {
  const { layer, name, input, inputShape, outputShape } = site;
  const [to, from] = [inputShape.slice(0, -1), outputShape.slice(0, -1)];
  const emit = (data: Region) => {
    const dy = { ...output, data: gradients.of(output) };
    emitMoved(builder, site, 'back', dy, { ...input, data }, () =>
      shifted(
        to,
        from,
        shiftOf(layer).map(n => -n),
      ),
    );
  };
  gradients.give(input, name, emit, gradients.isStopped(output));
};

export const upSampling2dLayer: LayerDefinition<UpSampling2dLayer, undefined> = {
  describe: ({ kind, factor }) => `${kind}(${factor.join('×')})`,

  outputShape({ kind, factor }, input, from) {
    const lengths = checkImage(kind, input, from, 2).map((length, axis) => length * (factor[axis] ?? 1));
    return [...lengths, input.at(-1) ?? 1];
  },

  parameters: () => [],
  layout: () => 'lastAxis',

  forward(builder, site) {
    const { layer, place, input, inputShape, outputShape } = site;
    const y = builder.value(place, extentOfImage(outputShape));
    const [factorY = 1, factorX = 1] = layer.factor;
    const [wide = 1, width = 1] = [outputShape[1], inputShape[1]];
    emitMoved(builder, site, 'there', input, y, () =>
      Int32Array.from({ length: y.positions }, (_, position) => {
        const line = Math.floor(Math.floor(position / wide) / factorY);
        return line * width + Math.floor((position % wide) / factorX);
      }),
    );
    return { output: y, saved: undefined };
  },
};

export const upSampling2dBackward: LayerBackward<UpSampling2dLayer, undefined> = (
  builder,
  site,
  { output },
  gradients,
) => {
  const { layer, place, name, input, outputShape } = site;
  gradients.give(input, name, y => {
    const { factor } = layer;
    const axes = axesOf(name, outputShape.slice(0, -1), { kernelSize: factor, strides: factor, padding: 'valid' });
    const places = { y, x: gradients.of(output), window: windowOf(builder, place, axes) };
    const fields = { columns: input.columns, kind: PoolKind.sum, taps: size(factor), lengths: 0 };
    builder.emit(poolForward, name, { ...places, ...fields }, input.positions);
  });
};
