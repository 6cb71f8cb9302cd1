/**
 * Any architecture in float64, layer by layer, from the functions of test/reference; nothing shared with the machine.
 */
import { type Architecture, inputsOf, placedLayers } from '../../src/architecture.js';
import type { ActivationConfig, ActivationName } from '../../src/layers/activations.js';
import type { Layer } from '../../src/layers/index.js';
import * as reference from '../reference/activations.js';
import { at } from '../reference/activations.js';
import { type ColumnNorm, columnNormBackward, columnNormForward, momentsOf } from '../reference/columnNorm.js';
import { denseBackward, denseForward } from '../reference/dense.js';
import { embeddingBackward, embeddingForward, type Table } from '../reference/embedding.js';
import { isMerge, mergeBackward, mergeForward, type Operand } from '../reference/merge.js';
import { rowNormBackward, rowNormForward } from '../reference/rowNorm.js';
import { windowBackward, windowForward } from '../reference/windows.js';
import type { NoiseOfLayer } from './noise.js';

export type Parameters = Readonly<Record<string, Float64Array>>;

/** What a layer that makes noise does to its input; nothing for other layers, and while predicting. */
export type Noise = (layer: number) => NoiseOfLayer | undefined;

/** A layer with what it saw and made. */
export interface Trace {
  readonly layer: Layer;
  readonly index: number;
  /** What it reads, with that. */
  readonly from: readonly (number | string)[];
  readonly operands: readonly Operand[];
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
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

/** A layer's own parameters by their names. */
function ownOf(parameters: Parameters, name: string): Parameters {
  const own = Object.entries(parameters).filter(([key]) => key.startsWith(`${name}.`));
  return Object.fromEntries(own.map(([key, values]) => [key.slice(name.length + 1), values]));
}

/** Numbers of the last axis, on which layers act with as many rows as there are positions. */
const last = (shape: readonly number[]) => shape.at(-1) ?? 1;

/** Every layer from the samples `x`, row-major. */
export function forward(architecture: Architecture, parameters: Parameters, x: Float64Array, noise?: Noise): Trace[] {
  const placed = placedLayers(architecture);
  const values = new Map<number | string, Operand>();
  for (const { key, shape } of inputsOf(architecture)) values.set(key, { x, shape });
  return placed.map(({ layer, index, name: own, from, shared, inputShape, outputShape }) => {
    const operands = from.map(source => values.get(source) ?? { x, shape: [] });
    const value = operands[0]?.x ?? x;
    const name = placed[shared ?? index]?.name ?? own;
    const [inputs, outputs] = [last(inputShape), last(outputShape)];
    const added = noise?.(index);
    const { [`${name}.weight`]: weight, [`${name}.gamma`]: gamma } = parameters;
    const norm = rowNormOf(layer, outputs);
    const columnNorm = columnNormOf(layer, name, parameters, value, outputs, noise !== undefined);
    const table = tableOf(layer, inputs);
    const z = isMerge(layer)
      ? mergeForward(layer, operands, outputShape)
      : (windowForward({ layer, inputShape, outputShape }, value, ownOf(parameters, name)) ??
        (table && weight
          ? embeddingForward(value, weight, table)
          : columnNorm
            ? columnNormForward(value, columnNorm)
            : weight
              ? denseForward(value, weight, parameters[`${name}.bias`], inputs, outputs)
              : norm && gamma
                ? rowNormForward(value, gamma, parameters[`${name}.beta`], norm)
                : value));
    const y = added
      ? z.map((value, i) => value * at(added.scale, i) + at(added.shift, i))
      : 'activation' in layer
        ? activationOf(layer.activation).forward(z, outputs)
        : z;
    values.set(index, { x: y, shape: outputShape });
    return {
      layer,
      index,
      name,
      from,
      operands,
      inputShape,
      outputShape,
      x: value,
      z,
      y,
      inputs,
      outputs,
      noise: added,
      columnNorm,
    };
  });
}

/** The gradient of every parameter, given the cost's gradient for the last output. */
export function backward(traces: readonly Trace[], parameters: Parameters, dy: Float64Array): Parameters {
  const gradients: Record<string, Float64Array> = {};
  const learn = (name: string, gradient: Float64Array) => {
    const sum = gradients[name];
    gradients[name] = sum ? sum.map((value, i) => value + at(gradient, i)) : gradient;
  };
  // What has come back to each node from all that read it.
  const back = new Map<number | string, Float64Array>([[traces.length - 1, dy]]);
  const give = (source: number | string | undefined, gradient: Float64Array) => {
    if (source === undefined) return;
    const sum = back.get(source);
    back.set(source, sum ? sum.map((value, i) => value + at(gradient, i)) : gradient);
  };
  for (const trace of traces.toReversed()) {
    const { layer, index, from, name, x, z, inputs, outputs, noise, columnNorm } = trace;
    let upstream = back.get(index) ?? dy;
    if (isMerge(layer)) {
      const shares = mergeBackward(layer, trace.operands, trace.outputShape, upstream);
      shares.forEach((share, k) => {
        give(from[k], share);
      });
      continue;
    }
    const dz = 'activation' in layer ? activationOf(layer.activation).backward(z, upstream, outputs) : upstream;
    const { [`${name}.weight`]: weight, [`${name}.gamma`]: gamma } = parameters;
    const norm = rowNormOf(layer, outputs);
    const table = tableOf(layer, inputs);
    const place = { layer, inputShape: trace.inputShape, outputShape: trace.outputShape };
    if (windowForward(place, x, ownOf(parameters, name))) {
      const { dx, gradients: own } = windowBackward(place, x, ownOf(parameters, name), dz);
      for (const [key, gradient] of Object.entries(own)) learn(`${name}.${key}`, gradient);
      upstream = dx;
    } else if (table && weight) learn(`${name}.weight`, embeddingBackward(x, dz, weight.length / outputs, table));
    else if (noise) upstream = dz.map((value, i) => value * at(noise.scale, i));
    else if (columnNorm) {
      const { dx, dgamma, dbeta } = columnNormBackward(x, dz, columnNorm);
      if (columnNorm.gamma) learn(`${name}.gamma`, dgamma);
      if (columnNorm.beta) learn(`${name}.beta`, dbeta);
      upstream = dx;
    } else if (norm && gamma) {
      const { dx, dgamma, dbeta } = rowNormBackward(x, gamma, dz, norm);
      learn(`${name}.gamma`, dgamma);
      if (parameters[`${name}.beta`]) learn(`${name}.beta`, dbeta);
      upstream = dx;
    } else if (weight) {
      const { dx, dw, db } = denseBackward(x, weight, dz, inputs, outputs);
      learn(`${name}.weight`, dw);
      if (parameters[`${name}.bias`]) learn(`${name}.bias`, db);
      upstream = dx;
    } else upstream = dz;
    give(from[0], upstream);
  }
  const frozen = traces.filter(({ layer }) => 'trainable' in layer && !layer.trainable).map(({ name }) => name);
  const learning = Object.entries(gradients).filter(([key]) => !frozen.some(name => key.startsWith(`${name}.`)));
  return Object.fromEntries(learning);
}
