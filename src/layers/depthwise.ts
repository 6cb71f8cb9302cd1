/** Convolution of each channel by itself, and with a product across channels behind it. */
import { checkInteger, checkOptions } from '../errors.js';
import type { Builder, Value } from '../plan/builder.js';
import type { Gradients } from '../plan/gradients.js';
import type { Region } from '../plan/memory.js';
import { depthwiseForward, depthwiseInputGradient, depthwiseWeightGradient } from '../plan/ops/convolution.js';
import { checkWindowed, rankOf, type Windowed, type WindowedOptions, windowedNames } from './convolution.js';
import { emitProduct, emitProductGradients } from './dense.js';
import type { LayerBackward, LayerDefinition, ParameterSpec, Site } from './layer.js';
import { backThroughActivation, biasOf, floatWeights, forwardWeighted, partOf } from './weighted.js';
import { type Axis, axesOf, checkImage, extentOfImage, type Lengths, tapsOf, windowOf } from './window.js';

export interface DepthwiseOptions extends WindowedOptions {
  /** Outputs of each channel; 1 by default. */
  readonly depthMultiplier?: number;
}

interface DepthwiseLayer<K extends string> extends Windowed {
  readonly kind: K;
  readonly depthMultiplier: number;
}

interface SeparableLayer<K extends string> extends DepthwiseLayer<K> {
  readonly filters: number;
}

export type DepthwiseConv2dLayer = DepthwiseLayer<'depthwiseConv2d'>;
export type DepthwiseConv1dLayer = DepthwiseLayer<'depthwiseConv1d'>;
export type SeparableConv2dLayer = SeparableLayer<'separableConv2d'>;
export type SeparableConv1dLayer = SeparableLayer<'separableConv1d'>;

export const depthwiseNames = ['depthMultiplier', ...windowedNames] as const;

function checkDepthwise(kind: string, kernelSize: Lengths, options: DepthwiseOptions) {
  checkOptions(kind, options, depthwiseNames);
  return {
    depthMultiplier: checkInteger(`${kind}: depthMultiplier`, options.depthMultiplier ?? 1, 1, 2 ** 16),
    ...checkWindowed(kind, rankOf(kind), kernelSize, options),
  };
}

/**
 * Convolution over images of each channel by itself, from `[rows, height, width, channels]` to `[rows, height, width,
 * channels · depthMultiplier]`: of channel c the outputs c · depthMultiplier and on. `weight` is `[height, width,
 * channels, depthMultiplier]` of the kernel, `bias` one for each output. Otherwise as {@link conv2d}.
 *
 * @throws TypeError for an unknown option; RangeError as {@link conv2d}
 */
export function depthwiseConv2d(kernelSize: Lengths, options: DepthwiseOptions = {}): DepthwiseConv2dLayer {
  return Object.freeze({ kind: 'depthwiseConv2d', ...checkDepthwise('depthwiseConv2d', kernelSize, options) });
}

/**
 * {@link depthwiseConv2d} over sequences, `[rows, steps, features]`, with `weight` `[kernel, features, multiplier]`.
 */
export function depthwiseConv1d(kernelSize: Lengths, options: DepthwiseOptions = {}): DepthwiseConv1dLayer {
  return Object.freeze({ kind: 'depthwiseConv1d', ...checkDepthwise('depthwiseConv1d', kernelSize, options) });
}

function separable<K extends string>(
  kind: K,
  filters: number,
  kernelSize: Lengths,
  options: DepthwiseOptions,
): SeparableLayer<K> {
  const checked = checkInteger(`${kind}: filters`, filters, 1, 2 ** 24);
  return Object.freeze({ kind, filters: checked, ...checkDepthwise(kind, kernelSize, options) });
}

/**
 * {@link depthwiseConv2d} with `depthwiseWeight` and no bias, and then at each position a product with
 * `pointwiseWeight`, `[channels · depthMultiplier, filters]`, and `bias`, to `[rows, height, width, filters]`.
 *
 * @throws TypeError for an unknown option; RangeError as {@link conv2d}
 */
export function separableConv2d(
  filters: number,
  kernelSize: Lengths,
  options: DepthwiseOptions = {},
): SeparableConv2dLayer {
  return separable('separableConv2d', filters, kernelSize, options);
}

/** {@link separableConv2d} over sequences, `[rows, steps, features]`. */
export function separableConv1d(
  filters: number,
  kernelSize: Lengths,
  options: DepthwiseOptions = {},
): SeparableConv1dLayer {
  return separable('separableConv1d', filters, kernelSize, options);
}

type AnyDepthwise = DepthwiseConv2dLayer | DepthwiseConv1dLayer;
type AnySeparable = SeparableConv2dLayer | SeparableConv1dLayer;

function axesFor(layer: AnyDepthwise | AnySeparable, input: readonly number[]): readonly Axis[] {
  return axesOf(layer.kind, input.slice(0, -1), layer);
}

function shapeOf(layer: AnyDepthwise | AnySeparable, input: readonly number[], from: string): number[] {
  checkImage(layer.kind, input, from, rankOf(layer.kind));
  return axesFor(layer, input).map(({ outputs }) => outputs);
}

function weightOf(name: string, layer: AnyDepthwise | AnySeparable, input: readonly number[]): ParameterSpec {
  const { kernelSize, depthMultiplier, weightInitializer: initializer } = layer;
  const channels = input.at(-1) ?? 1;
  const shape = [...kernelSize, channels, depthMultiplier];
  return { name, shape, columns: channels * depthMultiplier, initializer };
}

export const depthwiseLayer: LayerDefinition<AnyDepthwise, Value> = {
  describe: ({ kind, kernelSize }) => `${kind}(${kernelSize.join('×')})`,
  outputShape: (layer, input, from) => [...shapeOf(layer, input, from), (input.at(-1) ?? 1) * layer.depthMultiplier],
  parameters: (layer, input) => [
    weightOf('weight', layer, input),
    ...biasOf(layer, (input.at(-1) ?? 1) * layer.depthMultiplier),
  ],
  layout: () => 'lastAxis',
  forward: (builder, site) =>
    forwardWeighted(builder, site, extentOfImage(site.outputShape), (z, floor) => {
      emitDepthwise(builder, site, z, site.parameters.bias?.data ?? 0, floor, 'weight');
    }),
};

function fieldsOf(builder: Builder, { layer, place, input, inputShape }: Site<AnyDepthwise | AnySeparable>) {
  const axes = axesFor(layer, inputShape);
  return {
    window: windowOf(builder, place, axes),
    channels: input.columns,
    multiplier: layer.depthMultiplier,
    taps: tapsOf(axes),
  };
}

function emitDepthwise(
  builder: Builder,
  site: Site<AnyDepthwise | AnySeparable>,
  y: Value,
  b: Region | 0,
  floor: number,
  which: string,
): void {
  const w = floatWeights(builder, site, which);
  const fields = { y: y.data, x: site.input.data, w, b, ...fieldsOf(builder, site), floor, turned: 0 };
  builder.emit(depthwiseForward, site.name, fields, y.positions);
}

/** How the windows that read each number of an axis lie on those that they make. */
function backwards(axis: Axis): Axis {
  const { length, outputs, kernel, dilation, before } = axis;
  return { ...axis, length: outputs, outputs: length, before: (kernel - 1) * dilation - before };
}

function emitDepthwiseBack(
  builder: Builder,
  site: Site<AnyDepthwise | AnySeparable>,
  { data: dy, positions }: { data: Region; positions: number },
  gradients: Gradients,
  which: string,
): void {
  const { name, input, parameters } = site;
  const { [which]: weight } = parameters;
  const bias = which === 'weight' ? parameters.bias : undefined;
  const fields = fieldsOf(builder, site);
  gradients.learn(name, { weight, bias }, d => {
    const places = { dw: d.weight ?? 0, db: d.bias ?? 0, x: input.data, dy } as const;
    builder.emit(depthwiseWeightGradient, name, { ...places, ...fields }, positions);
  });
  const w = weight?.data ?? 0;
  if (site.layer.depthMultiplier === 1 && site.layer.strides.every(stride => stride === 1)) {
    // What reads a place are windows side by side, as those that it reads: the same with the weights turned over.
    const window = windowOf(builder, site.place, axesFor(site.layer, site.inputShape).map(backwards), 'back');
    gradients.give(input, name, (y: Region) => {
      const numbers = { ...fields, window, floor: Number.NEGATIVE_INFINITY, turned: 1 } as const;
      builder.emit(depthwiseForward, name, { y, x: dy, w, b: 0, ...numbers }, input.positions);
    });
    return;
  }
  const rectified = input.rectified ? input.data : 0;
  const emit = (dx: Region) => {
    builder.emit(depthwiseInputGradient, name, { dx, dy, w, rectified, ...fields }, input.positions);
  };
  gradients.give(input, name, emit, input.rectified);
}

export const depthwiseBackward: LayerBackward<AnyDepthwise, Value> = (builder, site, past, gradients) => {
  const dy = { ...past.output, data: backThroughActivation(builder, site, past, gradients) };
  emitDepthwiseBack(builder, site, dy, gradients, 'weight');
};

export const separableLayer: LayerDefinition<AnySeparable, Value> = {
  describe: ({ kind, filters, kernelSize }) => `${kind}(${filters}, ${kernelSize.join('×')})`,
  outputShape: (layer, input, from) => [...shapeOf(layer, input, from), layer.filters],

  parameters(layer, input) {
    const depthwiseWeight = weightOf('depthwiseWeight', layer, input);
    const shape = [depthwiseWeight.columns ?? 1, layer.filters];
    const pointwiseWeight = { name: 'pointwiseWeight', shape, initializer: layer.weightInitializer };
    return [depthwiseWeight, pointwiseWeight, ...biasOf(layer, layer.filters)];
  },

  layout: () => 'lastAxis',

  forward(builder, site) {
    const between = betweenOf(builder, site);
    emitDepthwise(builder, site, between, 0, Number.NEGATIVE_INFINITY, 'depthwiseWeight');
    return forwardWeighted(builder, site, extentOfImage(site.outputShape), (z, floor) => {
      emitProduct(builder, partOf(site, 'pointwiseWeight', 'bias'), between, z, floor);
    });
  },
};

/** What the depthwise part makes. */
function betweenOf(builder: Builder, { place, layer, input, outputShape }: Site<AnySeparable>): Value {
  const { positions } = extentOfImage(outputShape);
  return builder.value(place, { positions, columns: input.columns * layer.depthMultiplier }, { role: 'depthwise' });
}

export const separableBackward: LayerBackward<AnySeparable, Value> = (builder, site, past, gradients) => {
  const between = betweenOf(builder, site);
  const dy = { ...past.output, data: backThroughActivation(builder, site, past, gradients) };
  emitProductGradients(builder, partOf(site, 'pointwiseWeight', 'bias'), between, dy, gradients, true);
  emitDepthwiseBack(builder, site, { ...between, data: gradients.of(between) }, gradients, 'depthwiseWeight');
};
