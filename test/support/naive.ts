/** Any architecture in float64, layer by layer, from the functions of test/reference; nothing shared with the machine. */
import { type Architecture, placedLayers } from '../../src/architecture.js';
import type { ActivationConfig, ActivationName } from '../../src/layers/activations.js';
import type { Layer } from '../../src/layers/index.js';
import * as reference from '../reference/activations.js';
import { at } from '../reference/activations.js';
import { denseBackward, denseForward } from '../reference/dense.js';
import { rowNormBackward, rowNormForward } from '../reference/rowNorm.js';
import type { NoiseOfLayer } from './noise.js';

export type Parameters = Readonly<Record<string, Float64Array>>;

/** What a layer that makes noise does to its input; nothing for other layers, and while predicting. */
export type Noise = (layer: number) => NoiseOfLayer | undefined;

/** A layer with what it saw and made. */
export interface Trace {
  readonly layer: Layer;
  readonly name: string;
  readonly x: Float64Array;
  /** Before the activation. */
  readonly z: Float64Array;
  readonly y: Float64Array;
  readonly inputs: number;
  readonly outputs: number;
  readonly noise: NoiseOfLayer | undefined;
}

/** Activations without a setting. */
const plain: Record<Exclude<ActivationName, 'leakyRelu' | 'elu' | 'gelu'>, reference.Activation> = {
  linear: reference.elementwise(reference.linear),
  relu: reference.elementwise(reference.relu),
  selu: reference.elementwise(reference.selu),
  silu: reference.elementwise(reference.silu),
  mish: reference.elementwise(reference.mish),
  softplus: reference.elementwise(reference.softplus),
  softsign: reference.elementwise(reference.softsign),
  tanh: reference.elementwise(reference.tanh),
  sigmoid: reference.elementwise(reference.sigmoid),
  hardSigmoid: reference.elementwise(reference.hardSigmoid),
  hardSwish: reference.elementwise(reference.hardSwish),
  exponential: reference.elementwise(reference.exponential),
  softmax: reference.softmax,
  logSoftmax: reference.logSoftmax,
};

function activationOf(config: ActivationConfig): reference.Activation {
  if (config.kind === 'leakyRelu') return reference.elementwise(reference.leakyRelu(config.slope));
  if (config.kind === 'elu') return reference.elementwise(reference.elu(config.alpha));
  if (config.kind !== 'gelu') return plain[config.kind];
  return reference.elementwise(config.approximate === 'tanh' ? reference.geluTanh : reference.geluErf);
}

function rowNormOf(layer: Layer, columns: number) {
  if (layer.kind !== 'layerNormalization' && layer.kind !== 'rmsNormalization') return undefined;
  return { columns, epsilon: layer.epsilon, centered: layer.kind === 'layerNormalization' };
}

/** Numbers of the last axis, on which layers act with as many rows as there are positions. */
const last = (shape: readonly number[]) => shape.at(-1) ?? 1;

/** Every layer from the samples `x`, row-major. */
export function forward(architecture: Architecture, parameters: Parameters, x: Float64Array, noise?: Noise): Trace[] {
  let value = x;
  return placedLayers(architecture).map(({ layer, index, name, inputShape, outputShape }) => {
    const [inputs, outputs] = [last(inputShape), last(outputShape)];
    const own = noise?.(index);
    const { [`${name}.weight`]: weight, [`${name}.gamma`]: gamma } = parameters;
    const norm = rowNormOf(layer, outputs);
    const z = weight
      ? denseForward(value, weight, parameters[`${name}.bias`], inputs, outputs)
      : norm && gamma
        ? rowNormForward(value, gamma, parameters[`${name}.beta`], norm)
        : value;
    const y = own
      ? z.map((value, i) => value * at(own.scale, i) + at(own.shift, i))
      : 'activation' in layer
        ? activationOf(layer.activation).forward(z, outputs)
        : z;
    const trace = { layer, name, x: value, z, y, inputs, outputs, noise: own };
    value = y;
    return trace;
  });
}

/** The gradient of every parameter, given the cost's gradient for the last output. */
export function backward(traces: readonly Trace[], parameters: Parameters, dy: Float64Array): Parameters {
  const gradients: Record<string, Float64Array> = {};
  let upstream = dy;
  for (const { layer, name, x, z, inputs, outputs, noise } of traces.toReversed()) {
    const dz = 'activation' in layer ? activationOf(layer.activation).backward(z, upstream, outputs) : upstream;
    const { [`${name}.weight`]: weight, [`${name}.gamma`]: gamma } = parameters;
    const norm = rowNormOf(layer, outputs);
    if (noise) upstream = dz.map((value, i) => value * at(noise.scale, i));
    else if (norm && gamma) {
      const { dx, dgamma, dbeta } = rowNormBackward(x, gamma, dz, norm);
      gradients[`${name}.gamma`] = dgamma;
      if (parameters[`${name}.beta`]) gradients[`${name}.beta`] = dbeta;
      upstream = dx;
    } else if (weight) {
      const { dx, dw, db } = denseBackward(x, weight, dz, inputs, outputs);
      gradients[`${name}.weight`] = dw;
      if (parameters[`${name}.bias`]) gradients[`${name}.bias`] = db;
      upstream = dx;
    } else upstream = dz;
  }
  return gradients;
}
