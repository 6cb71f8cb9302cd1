/** Recurrent layers and attention against PyTorch's float64 values: the output, and every gradient. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  bidirectional,
  groupNormalization,
  gru,
  type Layer,
  lstm,
  Model,
  multiHeadAttention,
  sequential,
  simpleRnn,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { expectClose, type Matrix } from '../reference/golden.js';
import type { GoldenLayer } from '../reference/goldenLayers.js';

const path = new URL('../fixtures/golden/sequences.json', import.meta.url);
const { layers }: { layers: Record<string, GoldenLayer> } = JSON.parse(readFileSync(path, 'utf8'));

const numbersOf = (matrix: Matrix | undefined) => matrix?.data ?? [];

/** `[out, in]` as `[in, out]`, its gates in another order. */
function weightOf({ shape, data }: Matrix, order: readonly number[]): number[] {
  const [outputs, inputs] = [at(shape, 0), shape[1] ?? 1];
  const units = outputs / order.length;
  return Array.from({ length: data.length }, (_, i) => {
    const [row, column] = [Math.floor(i / outputs), i % outputs];
    const from = at(order, Math.floor(column / units)) * units + (column % units);
    return at(data, from * inputs + row);
  });
}

type Tensors = Readonly<Record<string, Matrix>>;
type Ours = Readonly<Record<string, readonly number[]>>;

/** A recurrent layer's, under our names. PyTorch's gru has r before z, and two biases where we mostly have one. */
function recurrentOf(tensors: Tensors, kind: string, end = '', prefix = '', gradients = false): Ours {
  const order = kind === 'gru' ? [1, 0, 2] : kind === 'lstm' ? [0, 1, 2, 3] : [0];
  const of = (name: string) => tensors[`${name}${end}`] ?? { shape: [order.length, 1], data: [] };
  const suffix = tensors.weight_ih_l0 ? '_l0' : '';
  const weight = weightOf(of(`weight_ih${suffix}`), order);
  const recurrentWeight = weightOf(of(`weight_hh${suffix}`), order);
  const bias = weightOf(of(suffix ? 'bias_ih_l0' : 'bias'), order);
  const other = suffix ? weightOf(of('bias_hh_l0'), order) : bias.map(() => 0);
  const two = kind === 'gru' && suffix !== '';
  const sum = bias.map((value, i) => (two || gradients ? value : value + at(other, i)));
  return {
    [`${prefix}weight`]: weight,
    [`${prefix}recurrentWeight`]: recurrentWeight,
    [`${prefix}bias`]: sum,
    ...(two && { [`${prefix}recurrentBias`]: other }),
  };
}

function attentionOf(tensors: Tensors): Ours {
  const { in_proj_weight: weight, in_proj_bias: bias } = tensors;
  const width = at(weight?.shape ?? [], 1);
  const entries = ['query', 'key', 'value'].flatMap((part, k) => [
    [
      `${part}Weight`,
      weightOf(
        { shape: [width, width], data: numbersOf(weight).slice(k * width * width, (k + 1) * width * width) },
        [0],
      ),
    ],
    [`${part}Bias`, numbersOf(bias).slice(k * width, (k + 1) * width)],
  ]);
  const output = tensors['out_proj.weight'];
  return {
    ...Object.fromEntries(entries),
    outputWeight: output ? weightOf(output, [0]) : [],
    outputBias: numbersOf(tensors['out_proj.bias']),
  };
}

const all = { returnSequences: true } as const;
const built: Readonly<Record<string, readonly [Layer, (tensors: Tensors, gradients: boolean) => Ours]>> = {
  'lstm, last output': [lstm(6), (t, g) => recurrentOf(t, 'lstm', '', '', g)],
  'gru (reset after), last output': [gru(6), (t, g) => recurrentOf(t, 'gru', '', '', g)],
  'simpleRNN tanh, last output': [simpleRnn(6), (t, g) => recurrentOf(t, 'simpleRnn', '', '', g)],
  'bidirectional lstm, all outputs concatenated': [
    bidirectional(lstm(5, all)),
    (t, g) => ({ ...recurrentOf(t, 'lstm', '', 'forward.', g), ...recurrentOf(t, 'lstm', '_reverse', 'backward.', g) }),
  ],
  'gru reset before the product (Keras resetAfter false), all outputs': [
    gru(5, { ...all, resetAfter: false }),
    (t, g) => recurrentOf(t, 'gru', '', '', g),
  ],
  'multiHeadAttention embed12 heads3 causal': [multiHeadAttention(3, 4, { causal: true }), attentionOf],
};

it.each(Object.entries(built))('%s', async (name, [layer, ours]) => {
  const golden = layers[name];
  if (!golden) throw new Error(`no golden layer ${name}`);
  const { shape, data } = golden.x;
  const model = await Model.create(sequential(shape.slice(1), [layer]));
  const named = (own: Ours) =>
    Object.fromEntries(Object.entries(own).map(([key, values]) => [`0.${layer.kind}.${key}`, [...values]]));
  model.setParameters(named(ours(golden.parameters, false)));
  const x = Float32Array.from(data);
  const [y, dy] = [golden.y.data, golden.dy.data];
  expectClose(model.predict(x), y, 1e-6, 'y');
  const targets = Float32Array.from(y, (value, i) => value - (at(dy, i) * y.length) / 2);
  const found = model.gradients(x, targets, { loss: 'meanSquaredError', inputs: true }).gradients;
  const want: Record<string, readonly number[]> = { ...named(ours(golden.gradients, true)), input: golden.dx.data };
  expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
  for (const [parameter, values] of Object.entries(want)) {
    expectClose(found[parameter] ?? [], values, 2e-6, parameter);
  }
});

it('groupNorm 3 groups of 6 channels', async () => {
  const golden = layers['groupNorm 3 groups of 6 channels'];
  if (!golden) throw new Error('no golden layer');
  const [rows = 1, channels = 1, height = 1, width = 1] = golden.x.shape;
  const last = ({ data }: Matrix) => {
    const area = height * width;
    return Array.from({ length: data.length }, (_, i) => {
      const [position, channel] = [Math.floor(i / channels), i % channels];
      const [row, place] = [Math.floor(position / area), position % area];
      return at(data, (row * channels + channel) * area + place);
    });
  };
  const model = await Model.create(sequential([height, width, channels], [groupNormalization(3, { epsilon: 1e-5 })]));
  const name = '0.groupNormalization';
  model.setParameters({
    [`${name}.gamma`]: numbersOf(golden.parameters.weight),
    [`${name}.beta`]: numbersOf(golden.parameters.bias),
  });
  const x = Float32Array.from(last(golden.x));
  const [y, dy] = [last(golden.y), last(golden.dy)];
  expect(x.length).toBe(rows * height * width * channels);
  expectClose(model.predict(x), y, 2e-6, 'y');
  const targets = Float32Array.from(y, (value, i) => value - (at(dy, i) * y.length) / 2);
  const found = model.gradients(x, targets, { loss: 'meanSquaredError', inputs: true }).gradients;
  expectClose(found.input ?? [], last(golden.dx), 5e-6, 'dx');
  expectClose(found[`${name}.gamma`] ?? [], numbersOf(golden.gradients.weight), 5e-6, 'dgamma');
  expectClose(found[`${name}.beta`] ?? [], numbersOf(golden.gradients.bias), 5e-6, 'dbeta');
});
