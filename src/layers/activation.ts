/** An activation as a layer of its own. */
import { checkOptions } from '../errors.js';
import { type ActivationConfig, type ActivationName, describeActivation, resolveActivation } from './activations.js';
import { emitActivation, emitActivationGradient } from './elementwise.js';
import type { LayerBackward, LayerDefinition } from './layer.js';

export interface ActivationLayer {
  readonly kind: 'activation';
  readonly activation: ActivationConfig;
}

/**
 * A layer that applies an activation function to its input of any shape; softmax and logSoftmax along the last axis.
 */
export function activation(a: ActivationName | ActivationConfig, options: Record<string, never> = {}): ActivationLayer {
  checkOptions('activation', options, []);
  return Object.freeze({ kind: 'activation', activation: resolveActivation('activation', a) });
}

export const activationLayer: LayerDefinition<ActivationLayer, undefined> = {
  describe: layer => `activation(${describeActivation(layer.activation)})`,

  outputShape: (_, input) => input,
  parameters: () => [],
  steps: () => 'each',
  layout: ({ activation: { kind } }) => (kind === 'softmax' || kind === 'logSoftmax' ? 'lastAxis' : 'any'),

  forward(builder, { layer, place, name, input, skipActivation }) {
    if (skipActivation || layer.activation.kind === 'linear') return { output: input, saved: undefined };
    const y = builder.value(place, input, { rectified: layer.activation.kind === 'relu' });
    emitActivation(builder, name, layer.activation, input, y);
    return { output: y, saved: undefined };
  },
};

export const activationBackward: LayerBackward<ActivationLayer, undefined> = (builder, site, { output }, gradients) => {
  const { layer, name, input } = site;
  if (output === input) return;
  gradients.give(input, name, dx => {
    emitActivationGradient(builder, name, layer.activation, input, output, { dx, dy: gradients.of(output) });
  });
};
