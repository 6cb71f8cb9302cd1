/** An activation as a layer of its own. */
import { wrongKind } from '../errors.js';
import { batchShape } from '../shape.js';
import { type ActivationConfig, type ActivationName, describeActivation, resolveActivation } from './activations.js';
import { emitActivation, emitActivationGradient } from './elementwise.js';
import type { LayerBackward, LayerDefinition } from './layer.js';

export interface ActivationLayer {
  readonly kind: 'activation';
  readonly activation: ActivationConfig;
}

/**
 * A layer that applies an activation function to its input of any shape; softmax and logSoftmax take
 * `[rows, features]`.
 */
export function activation(a: ActivationName | ActivationConfig): ActivationLayer {
  return Object.freeze({ kind: 'activation', activation: resolveActivation('activation', a) });
}

export const activationLayer: LayerDefinition<ActivationLayer, undefined> = {
  options: ['activation'],
  check: layer => activation((layer as Partial<ActivationLayer>).activation as ActivationConfig),

  describe: layer => `activation(${describeActivation(layer.activation)})`,

  outputShape(layer, input, from) {
    const { kind } = layer.activation;
    if ((kind === 'softmax' || kind === 'logSoftmax') && input.length !== 1) {
      throw wrongKind(
        `activation(${kind})`,
        'input [rows, features]',
        `${batchShape(input)} from ${from}`,
        'put flatten() before it',
      );
    }
    return input;
  },

  parameters: () => [],

  forward(builder, { layer, place, name, input, skipActivation }) {
    if (skipActivation || layer.activation.kind === 'linear') return { output: input, saved: undefined };
    const y = builder.value(place, input.columns, { rectified: layer.activation.kind === 'relu' });
    emitActivation(builder, name, layer.activation, input, y);
    return { output: y, saved: undefined };
  },
};

export const activationBackward: LayerBackward<ActivationLayer, undefined> = (
  builder,
  site,
  { output },
  inputGradient,
) => {
  const { layer, name, input } = site;
  if (output === input || !inputGradient) return;
  emitActivationGradient(builder, name, layer.activation, input, output, builder.gradientOf(input));
};
