/** A whole multilayer perceptron in naive float64: forward, backward, and one optimiser step. */
import type { Activation } from './activations.js';
import { denseBackward, denseForward } from './dense.js';
import type { Loss } from './losses.js';
import type { Optimizer } from './optimizers.js';

/** One dense layer and the activation after it. */
export interface Layer {
  inputs: number;
  outputs: number;
  /** [inputs, outputs], row-major. */
  weight: Float64Array;
  bias: Float64Array;
  activation: Activation;
}

/** What each layer saw and made. */
interface Trace {
  layer: Layer;
  x: Float64Array;
  beforeActivation: Float64Array;
  output: Float64Array;
}

/** The output of every layer, the last one's being the prediction. */
export function forward(layers: Layer[], x: Float64Array): Float64Array[] {
  return trace(layers, x).map(t => t.output);
}

/** The prediction, rows × outputs of the last layer. */
export function predict(layers: Layer[], x: Float64Array): Float64Array {
  return trace(layers, x).at(-1)?.output ?? x;
}

/** The cost, and the gradients in the order weight, bias, weight, bias, …. */
export function gradients(
  layers: Layer[],
  x: Float64Array,
  y: Float64Array,
  loss: Loss,
): { cost: number; gradients: Float64Array[] } {
  const traces = trace(layers, x);
  const last = traces.at(-1);
  if (last === undefined) throw new RangeError('reference: a network needs a layer');
  const { value, gradient } = loss(last.output, y, last.layer.outputs);
  const result: Float64Array[] = [];
  let upstream = gradient;
  for (const { layer, x: input, beforeActivation } of traces.reverse()) {
    const dz = layer.activation.backward(beforeActivation, upstream, layer.outputs);
    const { dx, dw, db } = denseBackward(input, layer.weight, dz, layer.inputs, layer.outputs);
    result.unshift(dw, db);
    upstream = dx;
  }
  return { cost: value, gradients: result };
}

/** One training step in place; gives the cost before it. */
export function step(layers: Layer[], x: Float64Array, y: Float64Array, loss: Loss, optimizer: Optimizer): number {
  const { cost, gradients: found } = gradients(layers, x, y, loss);
  optimizer(parameters(layers), found);
  return cost;
}

/** The parameter arrays themselves, in the order of the gradients. */
export function parameters(layers: Layer[]): Float64Array[] {
  return layers.flatMap(layer => [layer.weight, layer.bias]);
}

function trace(layers: Layer[], x: Float64Array): Trace[] {
  const traces: Trace[] = [];
  let input = x;
  for (const layer of layers) {
    const beforeActivation = denseForward(input, layer.weight, layer.bias, layer.inputs, layer.outputs);
    const output = layer.activation.forward(beforeActivation, layer.outputs);
    traces.push({ layer, x: input, beforeActivation, output });
    input = output;
  }
  return traces;
}
