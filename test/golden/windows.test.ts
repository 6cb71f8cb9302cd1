/** Convolutions, pooling and their kin against PyTorch's float64 values: the output, and every gradient. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  averagePool2d,
  conv1d,
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  globalMaxPool2d,
  type Layer,
  Model,
  maxPool2d,
  sequential,
  upSampling2d,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { expectClose, type Matrix } from '../reference/golden.js';
import type { GoldenLayer } from '../reference/goldenLayers.js';

const path = new URL('../fixtures/golden/windows.json', import.meta.url);
const { layers }: { layers: Record<string, GoldenLayer> } = JSON.parse(readFileSync(path, 'utf8'));

/** A tensor with its axes in another order. */
function permuted({ shape, data }: Matrix, axes: readonly number[]): Matrix {
  const lengths = axes.map(axis => at(shape, axis));
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const values = data.map((_, index) => {
    let [rest, source] = [index, 0];
    for (let k = axes.length - 1; k >= 0; k--) {
      source += (rest % at(lengths, k)) * at(strides, at(axes, k));
      rest = Math.floor(rest / at(lengths, k));
    }
    return at(data, source);
  });
  return { shape: lengths, data: values };
}

/** Channels last, as here. */
function channelsLast(tensor: Matrix): Matrix {
  const inner = tensor.shape.slice(2).map((_, axis) => axis + 2);
  return permuted(tensor, tensor.shape.length === 2 ? [0, 1] : [0, ...inner, 1]);
}

/** Weights as `[...kernel, in, out]`, of which PyTorch has the last two first. */
function weightOf(tensor: Matrix): Matrix {
  return permuted(tensor, [...tensor.shape.slice(2).map((_, axis) => axis + 2), 1, 0]);
}

const same = { padding: 'same' } as const;
const built: Readonly<Record<string, Layer>> = {
  'conv2d k3 pad1 dilation2 (pad 2)': conv2d(5, 3, { ...same, dilation: 2 }),
  "conv2d k3 stride2 'same' as Keras pads": conv2d(6, 3, { ...same, strides: 2 }),
  'conv2d k5x3 valid': conv2d(7, [5, 3]),
  'conv2d 1x1 stride2': conv2d(18, 1, { strides: 2 }),
  'conv2d groups2 k3 pad1': conv2d(8, 3, { ...same, groups: 2 }),
  'depthwiseConv2d k3 stride2 pad1 multiplier2': depthwiseConv2d(3, { ...same, strides: 2, depthMultiplier: 2 }),
  'conv1d causal k3 dilation2': conv1d(17, 3, { padding: 'causal', dilation: 2 }),
  'conv2dTranspose k3 stride2 pad1 outputPad1': conv2dTranspose(3, 3, { ...same, strides: 2, outputPadding: 1 }),
  'conv2dTranspose k2 stride2': conv2dTranspose(17, 2, { strides: 2 }),
  'maxPool2d 3x3 stride2 pad1': maxPool2d(3, { ...same, strides: 2 }),
  'averagePool2d 3x3 stride2 pad1, borders not counted': averagePool2d(3, { ...same, strides: 2 }),
  globalMaxPool2d: globalMaxPool2d(),
  'upSampling2d nearest 2x': upSampling2d(2),
};

it.each(Object.entries(built))('%s', async (name, layer) => {
  const golden = layers[name];
  if (!golden) throw new Error(`no golden layer ${name}`);
  const { shape, data } = channelsLast(golden.x);
  const model = await Model.create(sequential(shape.slice(1), [layer]));
  const [weight, bias] = [`0.${layer.kind}.weight`, `0.${layer.kind}.bias`];
  const ours = ({ weight: w, bias: b }: Readonly<Record<string, Matrix>>) =>
    w && b ? { [weight]: weightOf(w).data, [bias]: b.data } : {};
  model.setParameters(ours(golden.parameters));
  const x = Float32Array.from(data);
  const [y, dy] = [channelsLast(golden.y).data, channelsLast(golden.dy).data];
  expectClose(model.predict(x), y, 1e-6, 'y');
  const targets = Float32Array.from(y, (value, i) => value - (at(dy, i) * y.length) / 2);
  const found = model.gradients(x, targets, { loss: 'meanSquaredError', inputs: true }).gradients;
  const want = { ...ours(golden.gradients), input: channelsLast(golden.dx).data };
  expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
  for (const [parameter, values] of Object.entries(want)) {
    expectClose(found[parameter] ?? [], values, 5e-6, parameter);
  }
});
