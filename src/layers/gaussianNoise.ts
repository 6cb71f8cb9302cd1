/** Gaussian noise while training, nothing while predicting. */
import { checkNumber, checkOptions } from '../errors.js';
import { copyColumns } from '../plan/ops/merge.js';
import { gaussianNoiseForward } from '../plan/ops/noise.js';
import { Purpose } from '../random.js';
import type { LayerBackward, LayerDefinition, LayerForward } from './layer.js';

export interface GaussianNoiseLayer {
  readonly kind: 'gaussianNoise';
  readonly deviation: number;
}

/**
 * While training adds to each element a number of its own, drawn from a normal distribution with mean 0 and that
 * standard `deviation`, which is at least 0; while predicting the layer does nothing.
 */
export function gaussianNoise(deviation: number, options: Record<string, never> = {}): GaussianNoiseLayer {
  checkOptions('gaussianNoise', options, []);
  const checked = checkNumber('gaussianNoise: deviation', deviation, { min: 0 });
  return Object.freeze({ kind: 'gaussianNoise', deviation: checked });
}

export const gaussianNoiseLayer: LayerDefinition<GaussianNoiseLayer, undefined> = {
  describe: ({ deviation }) => `gaussianNoise(${deviation})`,
  outputShape: (_, input) => input,
  parameters: () => [],
  steps: () => 'each',
  layout: () => 'any',

  forward: (_, { input }) => ({ output: input, saved: undefined }),
};

export const gaussianNoiseForwardInTraining: LayerForward<GaussianNoiseLayer, undefined> = (builder, site) => {
  const { layer, index, place, name, input } = site;
  const { deviation } = layer;
  if (deviation === 0) return { output: input, saved: undefined };
  const { columns, positions } = input;
  const y = builder.value(place, input);
  const stream = index * 256 + Purpose.noise;
  builder.emit(
    gaussianNoiseForward,
    name,
    { x: input.data, y: y.data, columns, stream, spread: 1, deviation },
    positions,
  );
  return { output: y, saved: undefined };
};

export const gaussianNoiseBackward: LayerBackward<GaussianNoiseLayer, undefined> = (
  builder,
  { name, input },
  { output },
  gradients,
) => {
  if (output === input) return;
  const { positions, columns } = input;
  gradients.give(input, name, dx => {
    const fields = { y: dx, x: gradients.of(output), columns, from: 0, to: 0, count: columns, alone: 0 };
    builder.emit(copyColumns, name, fields, positions);
  });
};
