/** The fully connected layer: y = f(x · w + b). */
import { checkInteger, checkOptions } from '../errors.js';
import type { Builder, Extent, Value } from '../plan/builder.js';
import { formatBytes, scaleName } from '../plan/formats.js';
import type { Gradients } from '../plan/gradients.js';
import type { Region } from '../plan/memory.js';
import { denseForward, denseForwardQuantized, denseInputGradient, denseWeightGradient } from '../plan/ops/dense.js';
import { PANEL, panelBytes, panelCount } from '../plan/panels.js';
import type { LayerBackward, LayerDefinition, Site } from './layer.js';
import {
  backThroughActivation,
  biasOf,
  checkWeighted,
  forwardWeighted,
  type Weighted,
  type WeightedOptions,
  weightedNames,
} from './weighted.js';

export interface DenseOptions extends WeightedOptions {}

export interface DenseLayer extends Weighted {
  readonly kind: 'dense';
  readonly units: number;
}

/**
 * A fully connected layer: `activation(x · weight + bias)` with weight `[inputs, units]` and bias `[units]`, from
 * `[rows, inputs]` to `[rows, units]`. Of a longer shape it acts on the last axis, with the same weights at each
 * position.
 *
 * @throws TypeError for an unknown option, RangeError where `units` is not a whole number from 1 up.
 */
export function dense(units: number, options: DenseOptions = {}): DenseLayer {
  const where = `dense(${typeof units === 'number' ? units : '?'})`;
  checkOptions(where, options, weightedNames);
  return Object.freeze({
    kind: 'dense',
    units: checkInteger(`${where}: units`, units, 1, 2 ** 24),
    ...checkWeighted(where, options),
  });
}

export const denseLayer: LayerDefinition<DenseLayer, Value> = {
  describe: layer => `dense(${layer.units})`,

  outputShape: (layer, input) => [...input.slice(0, -1), layer.units],

  parameters(layer, input) {
    const weight = { name: 'weight', shape: [input.at(-1) ?? 1, layer.units], initializer: layer.weightInitializer };
    return [weight, ...biasOf(layer, layer.units)];
  },

  steps: () => 'each',
  layout: () => 'lastAxis',

  forward(builder, site) {
    const { layer, input } = site;
    return forwardWeighted(builder, site, { positions: input.positions, columns: layer.units }, (z, floor) => {
      emitProduct(builder, site, input, z, floor);
    });
  },
};

/** y = x · weight + bias at each position, none below `floor`. */
export function emitProduct(
  builder: Builder,
  { name, parameters, first }: Site<unknown>,
  x: Value,
  y: Value,
  floor = Number.NEGATIVE_INFINITY,
): void {
  const { weight, bias } = parameters;
  const fields = {
    y: y.data,
    x: x.data,
    w: weight?.data ?? 0,
    b: bias?.data ?? 0,
    inputs: x.columns,
    outputs: y.columns,
    floor,
    paired: builder.paired,
  } as const;
  if (weight === undefined || weight.format === 'float32') {
    // Only the first layer's: those after it would wait for all of their input, and mostly have fewer weights.
    const byOutputs = Number(first && builder.byOutputs(y.columns));
    builder.emit(denseForward, name, { ...fields, byOutputs, ownBytes: x.ownBytes }, x.positions);
  } else {
    const quantized = {
      ...fields,
      scale: parameters[scaleName('weight')]?.data ?? 0,
      bits: 8 * formatBytes[weight.format],
      ...builder.scratch(panelBytes(x.columns, PANEL)),
    } as const;
    builder.emit(denseForwardQuantized, name, quantized, x.positions);
  }
}

export const denseBackward: LayerBackward<DenseLayer, Value> = (builder, site, past, gradients) => {
  const dy = { ...past.output, data: backThroughActivation(builder, site, past, gradients) };
  emitProductGradients(builder, site, site.input, dy, gradients);
};

/** What goes back through {@link emitProduct}; where x is the layer's `own`, all of its gradient. */
export function emitProductGradients(
  builder: Builder,
  { name, parameters }: Site<unknown>,
  x: Value,
  { data: dy, columns: outputs }: Extent & { data: Region },
  gradients: Gradients,
  own = false,
): void {
  const sizes = { inputs: x.columns, outputs, paired: builder.paired };
  const { weight, bias } = parameters;
  // First the weights, of whose dy threads can mostly read what they wrote themselves; dx needs all of it.
  gradients.learn(name, { weight, bias }, d => {
    const weightGradient = {
      dw: d.weight ?? 0,
      db: d.bias ?? 0,
      x: x.data,
      dy,
      ...sizes,
      byOutputs: Number(builder.byOutputs(outputs)),
      ownBytes: x.ownBytes,
    } as const;
    builder.emit(denseWeightGradient, name, weightGradient, x.positions);
  });
  const emit = (dx: Region) => {
    const inputGradient = {
      dx,
      dy,
      w: weight?.data ?? 0,
      rectified: x.rectified ? x.data : 0,
      ...builder.scratch(panelBytes(PANEL + panelCount(outputs) * PANEL, PANEL)),
      ...sizes,
    } as const;
    builder.emit(denseInputGradient, name, inputGradient, x.positions);
  };
  if (own) emit(gradients.of(x));
  else gradients.give(x, name, emit, x.rectified);
}
