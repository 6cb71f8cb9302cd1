/** Any architecture in float64, layer by layer, from the functions of test/reference; nothing shared with the machine. */
import { type Architecture, placedLayers } from '../../src/architecture.js';
import type { ActivationConfig, ActivationName } from '../../src/layers/activations.js';
import type { Layer } from '../../src/layers/index.js';
import * as reference from '../reference/activations.js';
import { at } from '../reference/activations.js';
import { denseBackward, denseForward } from '../reference/dense.js';
import { rowNormBackward, rowNormForward } from '../reference/rowNorm.js';

export type Parameters = Readonly<Record<string, Float64Array>>;

/** What each element of a dropout layer's input is multiplied by; none for other layers, and while predicting. */
export type Masks = (layer: number) => Float64Array | undefined;

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
  readonly mask: Float64Array | undefined;
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

function product(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value * at(b, i));
}

function rowNormOf(layer: Layer, columns: number) {
  if (layer.kind !== 'layerNormalization' && layer.kind !== 'rmsNormalization') return undefined;
  return { columns, epsilon: layer.epsilon, centered: layer.kind === 'layerNormalization' };
}

/** Numbers of the last axis, on which layers act with as many rows as there are positions. */
const last = (shape: readonly number[]) => shape.at(-1) ?? 1;

/** Every layer from the samples `x`, row-major. */
export function forward(architecture: Architecture, parameters: Parameters, x: Float64Array, masks?: Masks): Trace[] {
  let value = x;
  return placedLayers(architecture).map(({ layer, index, name, inputShape, outputShape }) => {
    const [inputs, outputs] = [last(inputShape), last(outputShape)];
    const mask = masks?.(index);
    const { [`${name}.weight`]: weight, [`${name}.gamma`]: gamma } = parameters;
    const norm = rowNormOf(layer, outputs);
    const z = weight
      ? denseForward(value, weight, parameters[`${name}.bias`], inputs, outputs)
      : norm && gamma
        ? rowNormForward(value, gamma, parameters[`${name}.beta`], norm)
        : value;
    const y = mask ? product(z, mask) : 'activation' in layer ? activationOf(layer.activation).forward(z, outputs) : z;
    const trace = { layer, name, x: value, z, y, inputs, outputs, mask };
    value = y;
    return trace;
  });
}

/** The gradient of every parameter, given the cost's gradient for the last output. */
export function backward(traces: readonly Trace[], parameters: Parameters, dy: Float64Array): Parameters {
  const gradients: Record<string, Float64Array> = {};
  let upstream = dy;
  for (const { layer, name, x, z, inputs, outputs, mask } of traces.toReversed()) {
    const dz = 'activation' in layer ? activationOf(layer.activation).backward(z, upstream, outputs) : upstream;
    const { [`${name}.weight`]: weight, [`${name}.gamma`]: gamma } = parameters;
    const norm = rowNormOf(layer, outputs);
    if (mask) upstream = product(dz, mask);
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
