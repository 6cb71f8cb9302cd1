/** Dropout: noise while training, nothing while predicting. */
import { checkNumber } from '../errors.js';
import type { Region } from '../plan/memory.js';
import { dropoutForward, dropoutGradient } from '../plan/ops/elementwise.js';
import { Purpose } from '../random.js';
import type { LayerBackward, LayerDefinition } from './layer.js';

export interface DropoutLayer {
  readonly kind: 'dropout';
  readonly rate: number;
}

/**
 * While training each element is 0 with probability `rate` (from 0 up to, not with, 1) and is divided by 1 − rate
 * otherwise; while predicting the layer does nothing. Srivastava et al. 2014.
 */
export function dropout(rate: number): DropoutLayer {
  return Object.freeze({ kind: 'dropout', rate: checkNumber('dropout: rate', rate, { min: 0, below: 1 }) });
}

/** What elements were multiplied by; none where nothing was dropped. */
type Mask = Region | undefined;

export const dropoutLayer: LayerDefinition<DropoutLayer, Mask> = {
  options: ['rate'],
  check: layer => dropout((layer as Partial<DropoutLayer>).rate as number),
  describe: layer => `dropout(${layer.rate})`,
  outputShape: (_, input) => input,
  parameters: () => [],
  layout: () => 'any',

  forward(builder, site) {
    const { layer, index, place, name, input } = site;
    if (!site.training || layer.rate === 0) return { output: input, saved: undefined };
    const y = builder.value(place, input);
    const mask = builder.value(place, input, { role: 'mask' }).data;
    const settings = {
      stream: index * 256 + Purpose.dropout,
      // 32 random bits lie below it with probability `rate`; | 0 keeps the bits in a signed field.
      threshold: Math.floor(layer.rate * 2 ** 32) | 0,
      keepScale: 1 / (1 - layer.rate),
    };
    const places = { x: input.data, y: y.data, mask };
    builder.emit(dropoutForward, name, { ...places, columns: input.columns, ...settings }, input.positions);
    return { output: y, saved: mask };
  },
};

export const dropoutBackward: LayerBackward<DropoutLayer, Mask> = (
  builder,
  site,
  { output, saved: mask },
  gradients,
) => {
  const { name, input } = site;
  if (!mask) return;
  const { positions, columns } = input;
  gradients.give(input, name, dx => {
    builder.emit(dropoutGradient, name, { dx, dy: gradients.of(output), mask, columns }, positions);
  });
};
