/** Pooling: the largest number of each window, or the mean. */
import { checkChoice, checkOptions } from '../errors.js';
import type { Value } from '../plan/builder.js';
import { PoolKind } from '../plan/opcodes.js';
import { poolForward, poolGradient } from '../plan/ops/convolution.js';
import type { Shape } from '../shape.js';
import { rankOf } from './convolution.js';
import type { LayerBackward, LayerDefinition } from './layer.js';
import {
  type Axis,
  axesOf,
  checkImage,
  checkLengths,
  extentOfImage,
  type Lengths,
  tapsOf,
  windowOf,
} from './window.js';

export interface PoolOptions {
  /** From one window to the next; the window's own size by default. */
  readonly strides?: Lengths;
  /** As of convolutions; `'valid'` by default. Borders are not counted in means. */
  readonly padding?: 'valid' | 'same';
}

interface Pooling<K extends string> {
  readonly kind: K;
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: 'valid' | 'same';
}

interface GlobalPooling<K extends string> {
  readonly kind: K;
}

type PoolKinds = 'maxPool2d' | 'averagePool2d' | 'maxPool1d' | 'averagePool1d';
type GlobalPoolKinds = 'globalMaxPool2d' | 'globalAveragePool2d' | 'globalMaxPool1d' | 'globalAveragePool1d';
export type PoolLayer = { [K in PoolKinds]: Pooling<K> }[PoolKinds];
export type GlobalPoolLayer = { [K in GlobalPoolKinds]: GlobalPooling<K> }[GlobalPoolKinds];

/** @internal A pooling layer of that kind, checked. */
export function pool<K extends PoolKinds>(kind: K, poolSize: Lengths, options: PoolOptions): Pooling<K> {
  checkOptions(kind, options, ['strides', 'padding']);
  const { strides = poolSize, padding = 'valid' } = options;
  return Object.freeze({
    kind,
    poolSize: checkLengths(`${kind}: poolSize`, poolSize, rankOf(kind)),
    strides: checkLengths(`${kind}: strides`, strides, rankOf(kind)),
    padding: checkChoice(`${kind}: padding`, padding, ['valid', 'same'] as const),
  });
}

/**
 * The largest number of each window, channel by channel, from `[rows, height, width, channels]` to fewer lines and
 * columns. Of equal ones the first takes the gradient.
 *
 * @param poolSize a window's height and width, or one number for both; 2 by default
 * @throws TypeError for an unknown option; RangeError where a window is larger than the input
 */
export function maxPool2d(poolSize: Lengths = 2, options: PoolOptions = {}): Pooling<'maxPool2d'> {
  return pool('maxPool2d', poolSize, options);
}

/** The mean of each window; otherwise as {@link maxPool2d}. What a window has beyond borders does not count. */
export function averagePool2d(poolSize: Lengths = 2, options: PoolOptions = {}): Pooling<'averagePool2d'> {
  return pool('averagePool2d', poolSize, options);
}

/** {@link maxPool2d} over sequences, `[rows, steps, features]`. */
export function maxPool1d(poolSize: Lengths = 2, options: PoolOptions = {}): Pooling<'maxPool1d'> {
  return pool('maxPool1d', poolSize, options);
}

/** {@link averagePool2d} over sequences, `[rows, steps, features]`. */
export function averagePool1d(poolSize: Lengths = 2, options: PoolOptions = {}): Pooling<'averagePool1d'> {
  return pool('averagePool1d', poolSize, options);
}

function globalPool<K extends GlobalPoolKinds>(kind: K, options: Record<string, never>): GlobalPooling<K> {
  checkOptions(kind, options, []);
  return Object.freeze({ kind });
}

/** The largest number of each channel, from `[rows, height, width, channels]` to `[rows, channels]`. */
export function globalMaxPool2d(options: Record<string, never> = {}): GlobalPooling<'globalMaxPool2d'> {
  return globalPool('globalMaxPool2d', options);
}

/** The mean of each channel, from `[rows, height, width, channels]` to `[rows, channels]`. */
export function globalAveragePool2d(options: Record<string, never> = {}): GlobalPooling<'globalAveragePool2d'> {
  return globalPool('globalAveragePool2d', options);
}

/** The largest number of each feature, from `[rows, steps, features]` to `[rows, features]`. */
export function globalMaxPool1d(options: Record<string, never> = {}): GlobalPooling<'globalMaxPool1d'> {
  return globalPool('globalMaxPool1d', options);
}

/** The mean of each feature, from `[rows, steps, features]` to `[rows, features]`. */
export function globalAveragePool1d(options: Record<string, never> = {}): GlobalPooling<'globalAveragePool1d'> {
  return globalPool('globalAveragePool1d', options);
}

type AnyPool = PoolLayer | GlobalPoolLayer;

function axesFor(layer: AnyPool, input: Shape): readonly Axis[] {
  const lengths = input.slice(0, -1);
  if ('poolSize' in layer) return axesOf(layer.kind, lengths, { ...layer, kernelSize: layer.poolSize });
  return axesOf(layer.kind, lengths, { kernelSize: lengths, strides: lengths, padding: 'valid' });
}

export const poolLayer: LayerDefinition<AnyPool, Value> = {
  describe: layer => ('poolSize' in layer ? `${layer.kind}(${layer.poolSize.join('×')})` : layer.kind),

  outputShape(layer, input, from) {
    checkImage(layer.kind, input, from, rankOf(layer.kind));
    const lengths = axesFor(layer, input).map(({ outputs }) => outputs);
    return [...('poolSize' in layer ? lengths : []), input.at(-1) ?? 1];
  },

  parameters: () => [],
  steps: ({ kind }) => (/^global.*1d$/.test(kind) ? 'all' : undefined),
  layout: () => 'lastAxis',

  forward(builder, { layer, place, name, input, inputShape, outputShape, lengths: [lengths = 0] }) {
    const axes = axesFor(layer, inputShape);
    const y = builder.value(place, extentOfImage(outputShape));
    const fields = { columns: input.columns, kind: kindOf(layer), taps: tapsOf(axes), lengths };
    const places = { y: y.data, x: input.data, window: windowOf(builder, place, axes) };
    builder.emit(poolForward, name, { ...places, ...fields }, y.positions);
    return { output: y, saved: y };
  },
};

const kindOf = ({ kind }: AnyPool) => (/average/i.test(kind) ? PoolKind.average : PoolKind.max);

export const poolBackward: LayerBackward<AnyPool, Value> = (builder, site, { output: y }, gradients) => {
  const {
    layer,
    place,
    name,
    input,
    inputShape,
    lengths: [lengths = 0],
  } = site;
  gradients.give(input, name, dx => {
    const window = windowOf(builder, place, axesFor(layer, inputShape));
    const places = { dx, dy: gradients.of(y), x: input.data, y: y.data, window };
    builder.emit(
      poolGradient,
      name,
      { ...places, columns: input.columns, kind: kindOf(layer), lengths },
      input.positions,
    );
  });
};
