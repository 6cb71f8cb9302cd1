/** Transposed convolution: what goes back through a convolution, as a layer. */
import { checkInteger, checkOptions, wrongValue } from '../errors.js';
import type { Value } from '../plan/builder.js';
import type { Region } from '../plan/memory.js';
import {
  checkWindowed,
  emitConvolution,
  emitConvolutionBack,
  emitConvolutionWeightGradient,
  type Windowed,
  type WindowedOptions,
} from './convolution.js';
import type { LayerBackward, LayerDefinition } from './layer.js';
import { backThroughActivation, biasOf, floatWeights, forwardWeighted, weightedNames } from './weighted.js';
import { type Axis, checkImage, checkLengths, extentOfImage, type Lengths } from './window.js';

export interface Conv2dTransposeOptions extends Omit<WindowedOptions, 'dilation'> {
  /** Lines and columns more than least, below `strides`; as many as Keras takes by default. */
  readonly outputPadding?: Lengths;
}

export interface Conv2dTransposeLayer extends Omit<Windowed, 'dilation'> {
  readonly kind: 'conv2dTranspose';
  readonly filters: number;
  readonly outputPadding?: readonly number[];
}

export const transposedNames = ['strides', 'padding', 'outputPadding', ...weightedNames] as const;

/**
 * Transposed convolution over images, from `[rows, height, width, channels]` to `[rows, height, width, filters]`: each
 * number adds its multiple of the kernel, `strides` apart. `weight` is `[height, width, filters, channels]` of the
 * kernel. With `padding: 'valid'` the output has (height − 1) · strides + max(kernel, strides) lines, with `'same'`
 * height · strides; with an `outputPadding` (height − 1) · strides + kernel + outputPadding, for `'same'` less twice
 * half the kernel. Names and defaults are Keras's.
 *
 * @throws TypeError for an unknown option; RangeError for numbers that fit no output
 */
export function conv2dTranspose(
  filters: number,
  kernelSize: Lengths,
  options: Conv2dTransposeOptions = {},
): Conv2dTransposeLayer {
  const where = 'conv2dTranspose';
  checkOptions(where, options, transposedNames);
  const { dilation: _, ...windowed } = checkWindowed(where, 2, kernelSize, options);
  const { outputPadding } = options;
  const given = outputPadding === undefined ? undefined : checkLengths(`${where}: outputPadding`, outputPadding, 2, 0);
  const tooMuch = given?.find((padding, i) => padding >= (windowed.strides[i] ?? 1));
  if (tooMuch !== undefined) throw wrongValue(`${where}: outputPadding`, 'less than strides', tooMuch);
  return Object.freeze({
    kind: where,
    filters: checkInteger(`${where}: filters`, filters, 1, 2 ** 24),
    ...windowed,
    ...(given && { outputPadding: given }),
  });
}

/** Where the windows of the convolution lie that goes the other way. */
function axesFor(layer: Conv2dTransposeLayer, input: readonly number[]): readonly Axis[] {
  const isSame = layer.padding === 'same';
  return layer.kernelSize.map((kernel, i) => {
    const [stride, outputs] = [layer.strides[i] ?? 1, input[i] ?? 1];
    const extra = layer.outputPadding?.[i];
    const least = (outputs - 1) * stride + kernel;
    const half = Math.floor(kernel / 2);
    const usual = isSame ? outputs * stride : least + Math.max(0, stride - kernel);
    const length = extra === undefined ? usual : least + extra - (isSame ? 2 * half : 0);
    if (length < 1) throw wrongValue('conv2dTranspose', 'an output of at least 1', length, 'take more outputPadding');
    const before = !isSame ? 0 : extra === undefined ? Math.floor(Math.max(0, least - length) / 2) : half;
    return { length, outputs, kernel, stride, before, dilation: 1 };
  });
}

export const conv2dTransposeLayer: LayerDefinition<Conv2dTransposeLayer, Value> = {
  describe: ({ kind, filters, kernelSize }) => `${kind}(${filters}, ${kernelSize.join('×')})`,

  outputShape(layer, input, from) {
    checkImage(layer.kind, input, from, 2);
    return [...axesFor(layer, input).map(({ length }) => length), layer.filters];
  },

  parameters(layer, input) {
    const shape = [...layer.kernelSize, layer.filters, input.at(-1) ?? 1];
    return [{ name: 'weight', shape, initializer: layer.weightInitializer }, ...biasOf(layer, layer.filters)];
  },

  layout: () => 'lastAxis',

  forward(builder, site) {
    const { layer, input, inputShape, outputShape, parameters } = site;
    return forwardWeighted(builder, site, extentOfImage(outputShape), z => {
      const weight = floatWeights(builder, site, 'weight');
      const bias = parameters.bias?.data ?? 0;
      // A rectifier stops what it is not positive in itself.
      const rectified = z.rectified ? z.data : 0;
      emitConvolutionBack(builder, site, axesFor(layer, inputShape), z, input, { weight, bias, rectified });
    });
  },
};

export const conv2dTransposeBackward: LayerBackward<Conv2dTransposeLayer, Value> = (builder, site, past, gradients) => {
  const { layer, name, input, inputShape, parameters } = site;
  const axes = axesFor(layer, inputShape);
  const dy = { ...past.output, data: backThroughActivation(builder, site, past, gradients) };
  const { weight, bias } = parameters;
  gradients.learn(name, { weight, bias }, d => {
    const places = { weight: d.weight ?? 0, bias: d.bias ?? 0, transposed: 1 } as const;
    emitConvolutionWeightGradient(builder, site, axes, dy, input, places);
  });
  gradients.give(input, name, (data: Region) => {
    const weights = { weight: weight?.data ?? 0, bias: 0, floor: Number.NEGATIVE_INFINITY } as const;
    emitConvolution(builder, site, axes, dy, { ...input, data }, weights);
  });
};
