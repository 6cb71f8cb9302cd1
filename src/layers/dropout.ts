/** Dropout, and alpha dropout for networks of selu: noise while training, nothing while predicting. */
import { checkNumber, checkOptions } from '../errors.js';
import type { Builder, Extent } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { MergeKind } from '../plan/opcodes.js';
import { mergeGradient } from '../plan/ops/merge.js';
import { alphaDropoutForward, dropoutForward } from '../plan/ops/noise.js';
import { Purpose } from '../random.js';
import type { LayerBackward, LayerDefinition, LayerForward } from './layer.js';

interface RateLayer<K extends string> {
  readonly kind: K;
  readonly rate: number;
}

export type DropoutLayer = RateLayer<'dropout'>;
export type AlphaDropoutLayer = RateLayer<'alphaDropout'>;
export type SpatialDropoutLayer = RateLayer<'spatialDropout'>;

/**
 * While training each element is 0 with probability `rate` (from 0 up to, not with, 1) and is divided by 1 − rate
 * otherwise; while predicting the layer does nothing. Srivastava et al. 2014.
 */
export function dropout(rate: number, options: Record<string, never> = {}): DropoutLayer {
  checkOptions('dropout', options, []);
  return Object.freeze({ kind: 'dropout', rate: checkNumber('dropout: rate', rate, { min: 0, below: 1 }) });
}

/** Where selu goes far below 0: −1.0507 · 1.6733. */
const SELU_FLOOR = -1.7580993408473766;

/**
 * Dropout that leaves mean and variance as `selu` makes them: while training each element is what selu is far below 0,
 * −1.758, with probability `rate` (from 0 up to, not with, 1), and then all are scaled and shifted; while predicting
 * the layer does nothing. Klambauer et al., «Self-normalizing neural networks», 2017.
 */
export function alphaDropout(rate: number, options: Record<string, never> = {}): AlphaDropoutLayer {
  checkOptions('alphaDropout', options, []);
  return Object.freeze({ kind: 'alphaDropout', rate: checkNumber('alphaDropout: rate', rate, { min: 0, below: 1 }) });
}

/**
 * {@link dropout} of whole channels: those of `[rows, …, channels]` that are dropped are 0 at every position of a row.
 * Tompson et al., «Efficient object localization using convolutional networks», 2015.
 */
export function spatialDropout(rate: number, options: Record<string, never> = {}): SpatialDropoutLayer {
  checkOptions('spatialDropout', options, []);
  const checked = checkNumber('spatialDropout: rate', rate, { min: 0, below: 1 });
  return Object.freeze({ kind: 'spatialDropout', rate: checked });
}

/** What elements were multiplied by; none where nothing was dropped. */
type Mask = Region | undefined;

type AnyDropout = DropoutLayer | AlphaDropoutLayer | SpatialDropoutLayer;

export const dropoutLayer: LayerDefinition<AnyDropout, Mask> = {
  describe: ({ kind, rate }) => `${kind}(${rate})`,
  outputShape: (_, input) => input,
  parameters: () => [],
  steps: () => 'each',
  layout: ({ kind }) => (kind === 'spatialDropout' ? 'lastAxis' : 'any'),

  forward: (_, { input }) => ({ output: input, saved: undefined }),
};

export const dropoutForwardInTraining: LayerForward<AnyDropout, Mask> = (builder, site) => {
  const { layer, index, place, name, input } = site;
  const { kind, rate } = layer;
  if (rate === 0) return { output: input, saved: undefined };
  const { columns, positions } = input;
  const y = builder.value(place, input);
  const mask = builder.value(place, input, { role: 'mask' }).data;
  const fields = {
    x: input.data,
    y: y.data,
    mask,
    columns,
    stream: index * 256 + Purpose.dropout,
    spread: kind === 'spatialDropout' ? positions : 1,
    // 32 random bits lie below it with probability `rate`; | 0 keeps the bits in a signed field.
    threshold: Math.floor(rate * 2 ** 32) | 0,
  };
  if (kind !== 'alphaDropout') {
    builder.emit(dropoutForward, name, { ...fields, keepScale: 1 / (1 - rate) }, positions);
  } else {
    // The variance is then 1 again, and the mean 0.
    const keepScale = 1 / Math.sqrt((1 - rate) * (1 + rate * SELU_FLOOR ** 2));
    const kept = -keepScale * rate * SELU_FLOOR;
    const dropped = kept + keepScale * SELU_FLOOR;
    builder.emit(alphaDropoutForward, name, { ...fields, keepScale, kept, dropped }, positions);
  }
  return { output: y, saved: mask };
};

export const dropoutBackward: LayerBackward<AnyDropout, Mask> = (
  builder,
  { name, input },
  { output, saved: mask },
  gradients,
) => {
  if (!mask) return;
  gradients.give(input, name, dx => emitDropped(builder, name, input, { dx, dy: gradients.of(output), mask }));
};

/** Emits what goes back through a dropout: dx = dy · mask. */
export function emitDropped(
  builder: Builder,
  owner: string,
  { positions, columns }: Extent,
  { dx, dy, mask }: Readonly<Record<'dx' | 'dy' | 'mask', Region>>,
): void {
  const fields = { dx, dy, x: mask, other: mask, columns, kind: MergeKind.multiply, second: 0, scale: 1 };
  builder.emit(mergeGradient, owner, fields, positions);
}
