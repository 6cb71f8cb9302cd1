/** Convolution over images and sequences. */
import { checkChoice, checkInteger, checkOptions, wrongValue } from '../errors.js';
import { CHAINS_ONLY } from '../forwardOnly.js';
import type { Builder, Value } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import { GradientWay } from '../plan/opcodes.js';
import {
  convolutionForward,
  convolutionInputGradient,
  convolutionWeightGradient,
  groupWeights,
  pushStep,
} from '../plan/ops/convolution.js';
import { PANEL, panelBytes, panelCount, ROW_BYTES } from '../plan/panels.js';
import { emitProduct, emitProductGradients } from './dense.js';
import type { LayerBackward, LayerDefinition, ParameterSpec, Site, Steps } from './layer.js';
import {
  backThroughActivation,
  biasOf,
  checkWeighted,
  floatWeights,
  forwardWeighted,
  type Weighted,
  type WeightedOptions,
  weightedNames,
} from './weighted.js';
import {
  type Axis,
  axesOf,
  bothAxes,
  checkImage,
  checkLengths,
  extentOfImage,
  type Lengths,
  type Padding,
  tapsOf,
  windowOf,
} from './window.js';

export interface WindowedOptions extends WeightedOptions {
  /** From one window to the next; 1 by default. */
  readonly strides?: Lengths;
  /**
   * `'valid'`, which is the default, has windows within the input alone; `'same'` as many as the input divided by
   * strides.
   */
  readonly padding?: 'valid' | 'same';
  /** From one number that a window reads to the next; 1 by default, and so where strides are more. */
  readonly dilation?: Lengths;
}

export interface Conv2dOptions extends WindowedOptions {
  /** Parts that channels and filters are divided into, each by itself; 1 by default. */
  readonly groups?: number;
}

export interface Conv1dOptions extends Omit<Conv2dOptions, 'padding'> {
  /** As of {@link WindowedOptions}, or `'causal'`: no output sees what comes after it. */
  readonly padding?: Padding;
}

/** How windows lie, as an architecture keeps it. */
export interface Windowed extends Weighted {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilation: readonly number[];
}

interface ConvolutionLayer<K extends string> extends Windowed {
  readonly kind: K;
  readonly filters: number;
  readonly groups: number;
}

export type Conv2dLayer = ConvolutionLayer<'conv2d'>;
export type Conv1dLayer = ConvolutionLayer<'conv1d'>;

export const windowedNames = ['strides', 'padding', 'dilation', ...weightedNames] as const;
export const convolutionNames = ['groups', ...windowedNames] as const;

export const rankOf = (kind: string) => (/2d/.test(kind) ? 2 : 1);

/** Options of windows and weights, checked. */
export function checkWindowed(
  where: string,
  rank: number,
  kernelSize: Lengths,
  options: Conv1dOptions,
  paddings: readonly Padding[] = ['valid', 'same'],
): Windowed {
  const { strides = 1, padding = 'valid', dilation = 1 } = options;
  const windowed = {
    kernelSize: checkLengths(`${where}: kernelSize`, kernelSize, rank),
    strides: checkLengths(`${where}: strides`, strides, rank),
    padding: checkChoice(`${where}: padding`, padding, paddings),
    dilation: checkLengths(`${where}: dilation`, dilation, rank),
    ...checkWeighted(where, options),
  };
  if (Math.max(...windowed.strides) > 1 && Math.max(...windowed.dilation) > 1) {
    throw wrongValue(`${where}: dilation`, '1 where strides are more than 1', windowed.dilation.join(', '));
  }
  return windowed;
}

function convolution<K extends 'conv2d' | 'conv1d'>(
  kind: K,
  filters: number,
  kernelSize: Lengths,
  options: Conv1dOptions,
): ConvolutionLayer<K> {
  const where = `${kind}(${typeof filters === 'number' ? filters : '?'})`;
  checkOptions(where, options, convolutionNames);
  const paddings: readonly Padding[] = kind === 'conv1d' ? ['valid', 'same', 'causal'] : ['valid', 'same'];
  const checked = checkInteger(`${where}: filters`, filters, 1, 2 ** 24);
  const groups = checkInteger(`${where}: groups`, options.groups ?? 1, 1, 2 ** 24);
  if (checked % groups !== 0) throw wrongValue(`${where}: groups`, 'a divisor of the filters', groups);
  const windowed = checkWindowed(where, rankOf(kind), kernelSize, options, paddings);
  return Object.freeze({ kind, filters: checked, groups, ...windowed });
}

/**
 * Convolution over images: `activation(Σ x · weight + bias)` over what each window reads, from `[rows, height, width,
 * channels]` to `[rows, height, width, filters]`. `weight` is `[height, width, channels / groups, filters]` of the
 * kernel, `bias` `[filters]`. Names and defaults are Keras's, and so is the padding: of `'same'` what is odd goes
 * behind.
 *
 * @param kernelSize a window's height and width, or one number for both
 * @throws TypeError for an unknown option; RangeError where groups do not divide filters or channels, where strides and
 *   dilation are both above 1, and where a window is larger than the input
 */
export function conv2d(filters: number, kernelSize: Lengths, options: Conv2dOptions = {}): Conv2dLayer {
  return convolution('conv2d', filters, kernelSize, options);
}

/**
 * Convolution over sequences, from `[rows, steps, features]` to `[rows, steps, filters]`, with `weight` `[kernel,
 * features / groups, filters]`. `padding: 'causal'` puts zeros before the first step alone. Otherwise as
 * {@link conv2d}.
 *
 * @throws as {@link conv2d}
 */
export function conv1d(filters: number, kernelSize: Lengths, options: Conv1dOptions = {}): Conv1dLayer {
  return convolution('conv1d', filters, kernelSize, options);
}

type AnyConvolution = Conv2dLayer | Conv1dLayer;

const axesFor = (layer: AnyConvolution, shape: readonly number[]) => axesOf(describe(layer), shape.slice(0, -1), layer);
/** Causal windows that go from step to step keep steps apart from those behind them. */
export function stepsOfWindows({
  padding,
  strides,
}: {
  padding: string;
  strides: readonly number[];
}): Steps | undefined {
  return padding === 'causal' && strides.every(stride => stride === 1) ? 'before' : undefined;
}

const describe = ({ kind, filters, kernelSize }: AnyConvolution) => `${kind}(${filters}, ${kernelSize.join('×')})`;

export const convolutionLayer: LayerDefinition<AnyConvolution, Value> = {
  describe,

  outputShape(layer, input, from) {
    checkImage(layer.kind, input, from, rankOf(layer.kind));
    const channels = input.at(-1) ?? 1;
    if (channels % layer.groups !== 0) {
      throw wrongValue(
        `${describe(layer)}: groups`,
        `a divisor of the ${channels} channels from ${from}`,
        layer.groups,
      );
    }
    return [...axesFor(layer, input).map(({ outputs }) => outputs), layer.filters];
  },

  parameters(layer, input): ParameterSpec[] {
    const shape = [...layer.kernelSize, (input.at(-1) ?? 1) / layer.groups, layer.filters];
    return [{ name: 'weight', shape, initializer: layer.weightInitializer }, ...biasOf(layer, layer.filters)];
  },

  steps: stepsOfWindows,
  layout: () => 'lastAxis',

  forward(builder, site) {
    return forwardWeighted(builder, site, extentOfImage(site.outputShape), (z, floor) => {
      if (isProduct(site.layer)) emitProduct(builder, site, site.input, z, floor);
      else {
        const weights = {
          weight: wholeWeights(builder, site),
          bias: site.parameters.bias?.data ?? 0,
          floor,
        } as const;
        const { x, axes } =
          !CHAINS_ONLY && builder.carries
            ? carriedSteps(builder, site)
            : { x: site.input, axes: axesFor(site.layer, site.inputShape) };
        emitConvolution(builder, site, axes, x, z, weights);
      }
    });
  },
};

/** Of a stream the steps that a window reads, of which the last one comes in. */
function carriedSteps(builder: Builder, { layer, place, name, input }: Site<AnyConvolution>) {
  const reach = ((layer.kernelSize[0] ?? 1) - 1) * (layer.dilation[0] ?? 1) + 1;
  const { columns } = input;
  const x = builder.value(place, { positions: reach, columns }, { role: 'steps' });
  builder.carried.push(x.data);
  builder.emit(pushStep, name, { y: x.data, x: input.data, columns, steps: reach });
  return { x, axes: axesOf(describe(layer), [reach], { ...layer, padding: 'valid' }) };
}

/** Whether it does at each position what a dense layer does. */
function isProduct({ kernelSize, strides, groups }: AnyConvolution): boolean {
  return groups === 1 && [...kernelSize, ...strides].every(length => length === 1);
}

function groupSizes({ layer, input }: Site<AnyConvolution>) {
  const taps = layer.kernelSize.reduce((product, length) => product * length, 1);
  return { taps, channels: input.columns, outputs: layer.filters, groups: layer.groups };
}

/** The weights as if there were no groups: 0 from one to another. */
function wholeWeights(builder: Builder, site: Site<AnyConvolution>): Region | 0 {
  const from = floatWeights(builder, site, 'weight');
  if (site.layer.groups === 1) return from;
  const sizes = groupSizes(site);
  const to = builder.room(site.place, panelBytes(sizes.taps * sizes.channels, sizes.outputs), 'groups');
  builder.emit(groupWeights, site.name, { to, from, ...sizes, back: 0 });
  return to;
}

/** Bytes of a strip that a thread works on at a time, near enough to stay in its cache. */
const STRIP_BYTES = 96 * 1024;
/** Outputs of a strip of which the weights' gradient is found: fewer where strides spread them over more lines. */
const gradientStrip = (axes: readonly Axis[]) => (axes.some(({ stride }) => stride > 1) ? 128 : 192);

/** How many numbers of an axis so many windows side by side lie on. */
const reach = (windows: number, { stride, kernel, dilation }: Axis) =>
  (windows - 1) * stride + (kernel - 1) * dilation + 1;

/**
 * What an op takes that goes by strips of up to `most` outputs: beside their patch and its tables a matrix of so many
 * `panels`, a row for each output.
 */
function stripsOf(
  builder: Builder,
  axes: readonly Axis[],
  { channels, panels, most, beside = 0 }: { channels: number; panels: number; most: number; beside?: number },
) {
  const [y, x] = bothAxes(axes);
  const across = Math.min(x.outputs, most);
  const lines = across < x.outputs ? 1 : Math.min(y.outputs, Math.floor(most / across));
  const samples =
    lines * across < y.outputs * x.outputs ? 1 : Math.min(builder.capacity, Math.floor(most / lines / across));
  const patch = samples * reach(lines, y) * reach(across, x) * channels;
  const strip = samples * lines * across;
  // Numbers are moved four at a time: the last of them with what is behind it.
  const bytes = panels * strip * ROW_BYTES + 4 * (patch + 4 + 3 * (strip + tapsOf(axes) * channels)) + beside;
  return { ...builder.scratch(bytes), channels, samples, lines, across };
}

function stripFor(panels: number): number {
  return Math.min(256, Math.max(1, Math.floor(STRIP_BYTES / (panels * PANEL * ROW_BYTES))) * PANEL);
}

/** y = x ⋆ w + b */
export function emitConvolution(
  builder: Builder,
  { place, name }: Site<unknown>,
  axes: readonly Axis[],
  x: Value | { data: Region; columns: number; positions: number },
  y: { data: Region; columns: number; positions: number },
  { weight: w, bias: b, floor }: { weight: Region | 0; bias: Region | 0; floor: number },
): void {
  const taps = tapsOf(axes);
  const [channels, outputs] = [x.columns, y.columns];
  const fields = {
    y: y.data,
    x: x.data,
    w,
    b,
    window: windowOf(builder, place, axes),
    ...stripsOf(builder, axes, { channels, panels: 0, most: stripFor(panelCount(channels)) }),
    outputs,
    taps,
    floor,
    paired: builder.paired,
  };
  builder.emit(convolutionForward, name, fields, y.positions);
}

interface Back {
  readonly weight: Region | 0;
  readonly bias?: Region | 0;
  readonly rectified?: Region | 0;
  readonly way?: GradientWay;
}

/** dx = what goes back from d(x ⋆ w), as shares that are added up; or what a transposed convolution makes of dy. */
export function emitConvolutionBack(
  builder: Builder,
  { place, name }: Site<unknown>,
  axes: readonly Axis[],
  dx: { data: Region; columns: number; positions: number },
  dy: { data: Region; columns: number },
  { weight: w, bias: b = 0, rectified = 0, way = 0 }: Back,
): void {
  const taps = tapsOf(axes);
  const [channels, outputs] = [dx.columns, dy.columns];
  const panels = panelCount(taps * channels);
  const turned = (panels * outputs + 3) * ROW_BYTES;
  const fields = {
    dx: dx.data,
    dy: dy.data,
    w,
    b,
    rectified,
    window: windowOf(builder, place, axes),
    ...stripsOf(builder, axes, { channels, panels, most: stripFor(panels), beside: turned }),
    outputs,
    taps,
    paired: builder.paired,
    way,
  };
  builder.emit(convolutionInputGradient, name, fields, dx.positions);
}

/** The same as a convolution of dy by w turned around. */
function emitConvolutionAround(
  builder: Builder,
  { place, name }: Site<unknown>,
  axes: readonly Axis[],
  dx: { data: Region; columns: number; positions: number },
  dy: { data: Region; columns: number },
  { weight: w, rectified = 0 }: Back,
): void {
  const taps = tapsOf(axes);
  const [channels, outputs] = [dy.columns, dx.columns];
  const back = axes.map(({ length, outputs, kernel, stride, before, dilation }) => {
    return { length: outputs, outputs: length, kernel, stride, before: (kernel - 1) * dilation - before, dilation };
  });
  const turned = (panelCount(outputs) * taps * channels + 3) * ROW_BYTES;
  const most = stripFor(panelCount(channels));
  const fields = {
    dx: dx.data,
    dy: dy.data,
    w,
    b: 0,
    rectified,
    window: windowOf(builder, place, back, 'window back'),
    ...stripsOf(builder, back, { channels, panels: 0, most, beside: turned }),
    outputs,
    taps,
    paired: builder.paired,
    way: GradientWay.around,
  } as const;
  builder.emit(convolutionInputGradient, name, fields, dx.positions);
}

/** dw and db of y = x ⋆ w + b; or of the `transposed` x = b + what goes back from y. */
export function emitConvolutionWeightGradient(
  builder: Builder,
  { place, name }: Site<unknown>,
  axes: readonly Axis[],
  x: { data: Region; columns: number },
  dy: { data: Region; columns: number; positions: number },
  { weight: dw, bias: db, transposed = 0 }: { weight: Region | 0; bias: Region | 0; transposed?: 0 | 1 },
): void {
  const fields = {
    dw,
    db,
    x: x.data,
    dy: dy.data,
    window: windowOf(builder, place, axes),
    ...stripsOf(builder, axes, { channels: x.columns, panels: 0, most: gradientStrip(axes) }),
    outputs: dy.columns,
    taps: tapsOf(axes),
    transposed,
    paired: builder.paired,
  };
  builder.emit(convolutionWeightGradient, name, fields, dy.positions);
}

export const convolutionBackward: LayerBackward<AnyConvolution, Value> = (builder, site, past, gradients) => {
  const { layer, place, name, input, parameters, inputShape } = site;
  const dy = { ...past.output, data: backThroughActivation(builder, site, past, gradients) };
  if (isProduct(layer)) {
    emitProductGradients(builder, site, input, dy, gradients);
    return;
  }
  const axes = axesFor(layer, inputShape);
  const { weight, bias } = parameters;
  const sizes = groupSizes(site);
  const bytes = panelBytes(sizes.taps * sizes.channels, sizes.outputs);
  const grouped = layer.groups > 1;
  gradients.learn(name, { weight, bias }, d => {
    const dw = grouped && d.weight ? builder.room(place, bytes, 'd groups') : (d.weight ?? 0);
    emitConvolutionWeightGradient(builder, site, axes, input, dy, { weight: dw, bias: d.bias ?? 0 });
    if (grouped && d.weight) builder.emit(groupWeights, name, { to: d.weight, from: dw, ...sizes, back: 1 });
  });
  const whole = grouped ? builder.room(place, bytes, 'groups') : (weight?.data ?? 0);
  const rectified = input.rectified ? input.data : 0;
  // Around there is a product for each of dx's positions, of whole panels: with strides and few channels too many.
  const isAround =
    axes.every(({ stride }) => stride === 1) &&
    4 * panelCount(input.columns) * PANEL * input.positions <= 5 * input.columns * dy.positions;
  const goBack = isAround ? emitConvolutionAround : emitConvolutionBack;
  const way = input.columns % PANEL === 0 ? GradientWay.panels : GradientWay.patch;
  const weights = { weight: whole, rectified, way } as const;
  const emit = (data: Region) => goBack(builder, site, axes, { ...input, data }, dy, weights);
  gradients.give(input, name, emit, input.rectified);
};
