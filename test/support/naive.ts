/** Any architecture in float64, layer by layer, from the functions of test/reference; nothing shared with the machine. */
import { type Architecture, placedLayers } from '../../src/architecture.js';
import type { ActivationConfig, ActivationName } from '../../src/layers/activations.js';
import type { Layer } from '../../src/layers/index.js';
import * as reference from '../reference/activations.js';
import { at } from '../reference/activations.js';
import { type ColumnNorm, columnNormBackward, columnNormForward, momentsOf } from '../reference/columnNorm.js';
import { denseBackward, denseForward } from '../reference/dense.js';
import { embeddingBackward, embeddingForward, type Table } from '../reference/embedding.js';
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
  readonly columnNorm: ColumnNorm | undefined;
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

function tableOf(layer: Layer, steps: number): Table | undefined {
  if (layer.kind === 'embedding') return { columns: layer.units, steps, mode: undefined, pad: undefined };
  if (layer.kind !== 'embeddingBag') return undefined;
  return { columns: layer.units, steps, mode: layer.mode, pad: layer.pad };
}

/** `training`: whether a batch's own mean and variance count. */
function columnNormOf(
  layer: Layer,
  name: string,
  parameters: Parameters,
  x: Float64Array,
  columns: number,
  training: boolean,
): ColumnNorm | undefined {
  const [gamma, beta] = [parameters[`${name}.gamma`], parameters[`${name}.beta`]];
  if (layer.kind === 'normalization') {
    const { [`${name}.mean`]: mean = x, [`${name}.variance`]: variance = x } = parameters;
    return { mean, variance, gamma, beta, epsilon: 0, invert: layer.invert, fixed: true };
  }
  if (layer.kind !== 'batchNormalization') return undefined;
  const { [`${name}.movingMean`]: mean = x, [`${name}.movingVariance`]: variance = x } = parameters;
  const fixed = !training || layer.trainable === false;
  const moments = fixed ? { mean, variance } : momentsOf(x, columns);
  return { ...moments, gamma, beta, epsilon: layer.epsilon, invert: false, fixed };
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
    const columnNorm = columnNormOf(layer, name, parameters, value, outputs, noise !== undefined);
    const table = tableOf(layer, inputs);
    const z =
      table && weight
        ? embeddingForward(value, weight, table)
        : columnNorm
          ? columnNormForward(value, columnNorm)
          : weight
            ? denseForward(value, weight, parameters[`${name}.bias`], inputs, outputs)
            : norm && gamma
              ? rowNormForward(value, gamma, parameters[`${name}.beta`], norm)
              : value;
    const y = own
      ? z.map((value, i) => value * at(own.scale, i) + at(own.shift, i))
      : 'activation' in layer
        ? activationOf(layer.activation).forward(z, outputs)
        : z;
    const trace = { layer, name, x: value, z, y, inputs, outputs, noise: own, columnNorm };
    value = y;
    return trace;
  });
}

/** The gradient of every parameter, given the cost's gradient for the last output. */
export function backward(traces: readonly Trace[], parameters: Parameters, dy: Float64Array): Parameters {
  const gradients: Record<string, Float64Array> = {};
  let upstream = dy;
  for (const { layer, name, x, z, inputs, outputs, noise, columnNorm } of traces.toReversed()) {
    const dz = 'activation' in layer ? activationOf(layer.activation).backward(z, upstream, outputs) : upstream;
    const { [`${name}.weight`]: weight, [`${name}.gamma`]: gamma } = parameters;
    const norm = rowNormOf(layer, outputs);
    const table = tableOf(layer, inputs);
    if (table && weight) gradients[`${name}.weight`] = embeddingBackward(x, dz, weight.length / outputs, table);
    else if (noise) upstream = dz.map((value, i) => value * at(noise.scale, i));
    else if (columnNorm) {
      const { dx, dgamma, dbeta } = columnNormBackward(x, dz, columnNorm);
      if (columnNorm.gamma) gradients[`${name}.gamma`] = dgamma;
      if (columnNorm.beta) gradients[`${name}.beta`] = dbeta;
      upstream = dx;
    } else if (norm && gamma) {
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
  const frozen = traces.filter(({ layer }) => 'trainable' in layer && !layer.trainable).map(({ name }) => name);
  const learning = Object.entries(gradients).filter(([key]) => !frozen.some(name => key.startsWith(`${name}.`)));
  return Object.fromEntries(learning);
}
