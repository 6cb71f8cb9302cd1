/** Dropout: noise while training, nothing while predicting. */
import { checkNumber } from '../errors.js';
import { panelBytes } from '../plan/panels.js';
import { Purpose } from '../random.js';
import type { LayerBackward, LayerDefinition } from './layer.js';

export interface DropoutLayer {
  readonly kind: 'dropout';
  readonly rate: number;
}

/**
 * While training each element is 0 with probability `rate` (from 0 up to, not with, 1) and is divided by 1 − rate otherwise; while predicting the layer
 * does nothing. Srivastava et al. 2014.
 */
export function dropout(rate: number): DropoutLayer {
  return Object.freeze({ kind: 'dropout', rate: checkNumber('dropout: rate', rate, { min: 0, below: 1 }) });
}

export const dropoutLayer: LayerDefinition<DropoutLayer> = {
  options: ['rate'],
  check: layer => dropout((layer as Partial<DropoutLayer>).rate as number),
  describe: layer => `dropout(${layer.rate})`,
  outputShape: (_, input) => input,
  parameters: () => [],

  forward(builder, { layer, index, name, input, training }) {
    if (!training || layer.rate === 0) return input;
    const y = builder.value(name, input.columns);
    const mask = builder.region(`${name}.mask`, panelBytes(builder.capacity, input.columns));
    const settings = {
      stream: index * 256 + Purpose.dropout,
      // 32 random bits lie below it with probability `rate`; | 0 keeps the bits in a signed field.
      threshold: Math.floor(layer.rate * 2 ** 32) | 0,
      keepScale: 1 / (1 - layer.rate),
    };
    const places = { x: input.data, y: y.data, dx: 0, dy: 0, mask } as const;
    builder.emit('dropoutForward', name, { ...places, columns: input.columns, ...settings });
    return y;
  },
};

export const dropoutBackward: LayerBackward<DropoutLayer> = (builder, { name, input }, output, inputGradient) => {
  if (output === input || !inputGradient) return;
  builder.emit('dropoutGradient', name, {
    x: 0,
    y: 0,
    dx: builder.gradientOf(input),
    dy: builder.gradientOf(output),
    mask: builder.region(`${name}.mask`, 0),
    columns: input.columns,
    stream: 0,
    threshold: 0,
    keepScale: 0,
  });
};
