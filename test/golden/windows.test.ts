/** Convolutions, pooling and their kin against PyTorch's float64 values: the output, and every gradient. */
import { expect, it } from 'vitest';
import {
  averagePool2d,
  batchNormalization,
  conv1d,
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  globalAveragePool2d,
  globalMaxPool2d,
  groupNormalization,
  type Layer,
  Model,
  maxPool1d,
  maxPool2d,
  sequential,
  sgd,
  upSampling2d,
  zeroPadding1d,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { expectClose } from '../reference/golden.js';
import { goldenLayer } from '../reference/goldenLayers.js';
import { channelsLast, named, normOf, type Ours, type Tensors, weightedOf } from '../reference/torch.js';

const same = { padding: 'same' } as const;
const oneStep = 'batchNorm2d training, epsilon 1e-3, momentum 0.99 as Keras counts';
const built: Readonly<Record<string, readonly Layer[]>> = {
  'conv2d in1 out4 k3 stride1 pad0 (NCHW, weight[out,in,kh,kw])': [conv2d(4, 3)],
  'conv2d in3 out5 k3 stride2 pad1 (NCHW, weight[out,in,kh,kw])': [conv2d(5, 3, { ...same, strides: 2 })],
  'conv2d in2 out6 k5 stride1 pad2 (NCHW, weight[out,in,kh,kw])': [conv2d(6, 5, same)],
  'maxPool2d 2x2 stride2 (NCHW)': [maxPool2d()],
  'averagePool2d 2x2 stride2 (NCHW)': [averagePool2d()],
  'globalAveragePool2d (NCHW)': [globalAveragePool2d()],
  'conv2d k3 pad1 dilation2 (pad 2)': [conv2d(5, 3, { ...same, dilation: 2 })],
  "conv2d k3 stride2 'same' as Keras pads": [conv2d(6, 3, { ...same, strides: 2 })],
  'conv2d k5x3 valid': [conv2d(7, [5, 3])],
  'conv2d 1x1 stride2': [conv2d(18, 1, { strides: 2 })],
  'conv2d groups2 k3 pad1': [conv2d(8, 3, { ...same, groups: 2 })],
  'depthwiseConv2d k3 pad1 multiplier1': [depthwiseConv2d(3, same)],
  'depthwiseConv2d k3 stride2 pad1 multiplier2': [depthwiseConv2d(3, { ...same, strides: 2, depthMultiplier: 2 })],
  // Its borders are as wide on both sides, which 'same' makes of no even number of steps.
  'conv1d k5 stride2 pad2': [zeroPadding1d(2), conv1d(4, 5, { strides: 2 })],
  'conv1d causal k3 dilation2': [conv1d(17, 3, { padding: 'causal', dilation: 2 })],
  'conv2dTranspose k3 stride2 pad1 outputPad1': [conv2dTranspose(3, 3, { ...same, strides: 2, outputPadding: 1 })],
  'conv2dTranspose k2 stride2': [conv2dTranspose(17, 2, { strides: 2 })],
  'maxPool2d 3x3 stride2 pad1': [maxPool2d(3, { ...same, strides: 2 })],
  'averagePool2d 3x3 stride2 pad1, borders not counted': [averagePool2d(3, { ...same, strides: 2 })],
  'maxPool1d 2': [maxPool1d(2)],
  globalMaxPool2d: [globalMaxPool2d()],
  'upSampling2d nearest 2x': [upSampling2d(2)],
  'groupNorm 3 groups of 6 channels': [groupNormalization(3, { epsilon: 1e-5 })],
  [oneStep]: [batchNormalization({ epsilon: 1e-3, momentum: 0.99 })],
  'batchNorm2d inference': [batchNormalization({ epsilon: 1e-3, momentum: 0.99 })],
};

/** Its numbers under our names. */
function ours(layers: readonly Layer[], tensors: Tensors): Ours {
  const [index, kind] = [layers.length - 1, layers.at(-1)?.kind];
  const own = kind?.endsWith('Normalization') ? normOf(tensors) : tensors.weight ? weightedOf(tensors) : {};
  return named(`${index}.${kind}`, own);
}

it.each(Object.entries(built))('%s', async (name, layers) => {
  const golden = goldenLayer(name);
  const training = name === oneStep;
  const { shape, data } = channelsLast(golden.x);
  const model = await Model.create(sequential(shape.slice(1), layers));
  const { runningMean, runningVar } = golden;
  const state = runningMean && runningVar && !training && { running_mean: runningMean, running_var: runningVar };
  model.setParameters(ours(layers, { ...golden.parameters, ...state }));
  const x = Float32Array.from(data);
  const [y, dy] = [channelsLast(golden.y).data, channelsLast(golden.dy).data];
  if (!training) expectClose(model.predict(x), y, 1e-6, 'y');
  const targets = Float32Array.from(y, (value, i) => value - (at(dy, i) * y.length) / 2);
  const loss = 'meanSquaredError';
  const { cost, gradients } = model.gradients(x, targets, { loss, inputs: true, training });
  // Of outputs that are right.
  expectClose([cost], [dy.reduce((sum, value) => sum + value ** 2, 0) * (y.length / 4)], 1e-6, 'cost');
  const want: Ours = { ...ours(layers, golden.gradients), input: channelsLast(golden.dx).data };
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(want).sort());
  for (const [parameter, values] of Object.entries(want)) {
    // A weight's gradient is here the sum of hundreds of products of numbers near 1.
    expectClose(gradients[parameter] ?? [], values, parameter === 'input' ? 1e-6 : 1e-5, parameter);
  }
  if (!training || !runningMean || !runningVar) return;
  const trainer = await model.trainer({ loss, optimizer: sgd() });
  trainer.stepSync(x, targets);
  const after = Object.fromEntries(model.parameters.map(({ name: own, data: values }) => [own, values]));
  for (const [parameter, values] of Object.entries(
    ours(layers, { running_mean: runningMean, running_var: runningVar }),
  )) {
    expectClose(after[parameter] ?? [], values, 1e-6, parameter);
  }
});
