/** Whole networks against PyTorch's float64 values: output, cost, every gradient, ten steps of Adam. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  type Architecture,
  activation,
  adam,
  add,
  batchNormalization,
  binaryCrossEntropy,
  concatenate,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  embedding,
  flatten,
  type GraphNode,
  globalAveragePool1d,
  globalAveragePool2d,
  graph,
  gru,
  type LossConfig,
  layerNormalization,
  lstm,
  Model,
  maxPool1d,
  maxPool2d,
  multiHeadAttention,
  positionEmbedding,
  sequential,
  sparseCategoricalCrossEntropy,
  zeroPadding2d,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import { expectClose, type Matrix } from '../reference/golden.js';
import {
  attentionOf,
  channelsLast,
  flattenedWeightOf,
  named,
  normOf,
  type Ours,
  recurrentOf,
  type Tensors,
  weightedOf,
  within,
} from '../reference/torch.js';

interface Golden {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly state: Tensors;
  readonly output: Matrix;
  readonly cost: number;
  readonly gradients: Tensors;
  readonly 'adam(0.01)': { readonly costBeforeEachStep: readonly number[] };
  readonly outputAfter10StepsInference: Matrix;
}

const path = new URL('../fixtures/golden/networks2.json', import.meta.url);
const { networks }: { networks: Record<string, Golden> } = JSON.parse(readFileSync(path, 'utf8'));

const relu = { activation: 'relu' } as const;
const same = { padding: 'same' } as const;
const layerNorm = () => layerNormalization({ epsilon: 1e-5 });
const batchNorm = () => batchNormalization({ epsilon: 1e-5, momentum: 0.9 });
const classes = sparseCategoricalCrossEntropy({ fromLogits: true });

interface Case {
  readonly architecture: Architecture;
  /** Each layer, what its tensors' names begin with there, and how they are turned into ours where not by its kind. */
  readonly names: Readonly<Record<string, string>>;
  readonly flattened?: Readonly<Record<string, readonly [number, ...number[]]>>;
  readonly loss?: LossConfig;
  readonly samples?: (x: Float32Array) => Parameters<Model['forward']>[0];
}

const built: Readonly<Record<string, Case>> = {
  'lenet (conv5-pool-conv5-pool-dense)': {
    architecture: sequential(
      [12, 12, 1],
      [
        conv2d(6, 5, { ...same, ...relu }),
        maxPool2d(),
        conv2d(16, 3, relu),
        maxPool2d(),
        flatten(),
        dense(20, relu),
        dense(5),
      ],
    ),
    names: { '0.conv2d': '0.', '2.conv2d': '3.', '5.dense': '7.', '6.dense': '9.' },
    flattened: { '5.dense': [16, 2, 2] },
    loss: classes,
  },
  'residual conv net with batch norm': {
    architecture: graph([8, 8, 3], x => {
      const conv = (node: GraphNode) => node.to(conv2d(8, 3, { ...same, useBias: false })).to(batchNorm());
      const h = conv(x).to(activation('relu'));
      const sum = add(h, conv(conv(h).to(activation('relu'))));
      return sum.to(activation('relu')).to(globalAveragePool2d()).to(dense(4));
    }),
    names: {
      '0.conv2d': '0.',
      '1.batchNormalization': '1.',
      '3.conv2d': '3.m.0.',
      '4.batchNormalization': '3.m.1.',
      '6.conv2d': '3.m.3.',
      '7.batchNormalization': '3.m.4.',
      '11.dense': '6.',
    },
    loss: classes,
  },
  'depthwise separable': {
    architecture: sequential(
      [9, 8, 2],
      [
        // Its borders are as wide on both sides, which 'same' makes of no even number of columns.
        zeroPadding2d(1),
        conv2d(12, 3, { ...relu, strides: 2 }),
        depthwiseConv2d(3, { ...same, ...relu }),
        conv2d(20, 1, relu),
        globalAveragePool2d(),
        dense(3),
      ],
    ),
    names: { '1.conv2d': '0.', '2.depthwiseConv2d': '2.', '3.conv2d': '4.', '5.dense': '7.' },
    loss: classes,
  },
  'conv1d over a signal': {
    architecture: sequential(
      [16, 3],
      [conv1d(10, 5, { ...same, ...relu }), maxPool1d(), conv1d(6, 3, { ...same, ...relu }), flatten(), dense(2)],
    ),
    names: { '0.conv1d': '0.', '2.conv1d': '3.', '4.dense': '6.' },
    flattened: { '4.dense': [6, 8] },
    loss: classes,
  },
  'residual mlp with layer norm': {
    architecture: graph(6, x => {
      const h = x.to(dense(12));
      const inner = h
        .to(layerNorm())
        .to(dense(12, { activation: 'gelu' }))
        .to(dense(12));
      return add(h, inner).to(layerNorm()).to(dense(2));
    }),
    names: {
      '0.dense': '0.',
      '1.layerNormalization': '1.m.0.',
      '2.dense': '1.m.1.',
      '3.dense': '1.m.3.',
      '5.layerNormalization': '2.',
      '6.dense': '3.',
    },
  },
  'wide and deep with an embedding': {
    architecture: graph({ numbers: 4, category: [1] }, ({ numbers, category }) => {
      const h = concatenate(numbers, category.to(embedding(7, 3)).to(flatten()));
      const deep = h.to(dense(9, relu)).to(dense(6, relu));
      return concatenate(deep, numbers).to(dense(1));
    }),
    names: { '0.embedding': 'emb.', '3.dense': 'deep.0.', '4.dense': 'deep.2.', '6.dense': 'head.' },
    loss: binaryCrossEntropy({ fromLogits: true }),
    samples: x => ({
      numbers: x.filter((_, i) => i % 5 < 4),
      category: Uint16Array.from(x.filter((_, i) => i % 5 === 4)),
    }),
  },
  // There it has two biases, which both learn: the second one is here the weight of a feature that is always 1.
  'lstm classifier': {
    architecture: sequential([8, 4], [lstm(9), dense(4)]),
    names: { '0.lstm': 'r.', '1.dense': 'l.' },
    loss: classes,
    samples: x =>
      Float32Array.from({ length: (x.length / 3) * 4 }, (_, i) =>
        i % 4 === 3 ? 1 : at(x, Math.floor(i / 4) * 3 + (i % 4)),
      ),
  },
  'gru regressor': {
    architecture: sequential([10, 2], [gru(7), dense(1)]),
    names: { '0.gru': 'r.', '1.dense': 'l.' },
  },
  'tiny transformer classifier': {
    architecture: graph([6], x => {
      const h = x.to(embedding(13, 8)).to(positionEmbedding(6));
      const attended = add(h, h.to(layerNorm()).to(multiHeadAttention(2, 4)));
      const inner = attended
        .to(layerNorm())
        .to(dense(16, { activation: 'gelu' }))
        .to(dense(8));
      return add(attended, inner).to(globalAveragePool1d()).to(dense(3));
    }),
    names: {
      '0.embedding': 'emb.',
      '1.positionEmbedding': 'pos',
      '2.layerNormalization': 'b.norm1.',
      '3.multiHeadAttention': 'b.self_attn.',
      '5.layerNormalization': 'b.norm2.',
      '6.dense': 'b.linear1.',
      '7.dense': 'b.linear2.',
      '10.dense': 'l.',
    },
    loss: classes,
    samples: x => Uint16Array.from(x),
  },
  autoencoder: {
    architecture: sequential(10, [dense(4, { activation: 'tanh' }), dense(10, { activation: 'sigmoid' })]),
    names: { '0.dense': '0.', '1.dense': '2.' },
  },
};

/** Their numbers under our names. */
function ours(golden: Tensors, { names, flattened = {} }: Case): Ours {
  const entries = Object.entries(names).map(([name, prefix]) => {
    const [kind, tensors] = [name.slice(name.indexOf('.') + 1), within(golden, prefix)];
    const { weight } = tensors;
    const shape = flattened[name];
    if (kind.endsWith('Normalization')) return named(name, normOf(tensors));
    if (kind.endsWith('mbedding')) return named(name, { weight: (weight ?? tensors[''])?.data ?? [] });
    if (kind === 'multiHeadAttention') return named(name, attentionOf(tensors));
    if (kind === 'gru') return named(name, recurrentOf(tensors, kind));
    if (kind === 'lstm') {
      const { weight, recurrentWeight, bias } = recurrentOf(tensors, kind, { gradients: true });
      const other = tensors.bias_hh_l0?.data ?? [];
      return named(name, {
        weight: [...(weight ?? []), ...other],
        recurrentWeight: recurrentWeight ?? [],
        bias: bias ?? [],
      });
    }
    const own = weightedOf(tensors);
    return named(name, shape && weight ? { ...own, weight: flattenedWeightOf(weight, shape) } : own);
  });
  return Object.assign({}, ...entries);
}

it.each(Object.entries(built))('%s', async (name, own) => {
  const golden = networks[name];
  if (!golden) throw new Error(`no golden network ${name}`);
  const { architecture, loss = 'meanSquaredError', samples = (x: Float32Array) => x } = own;
  const isImage = architecture.layers.some(({ kind }) => kind.startsWith('conv'));
  const x = samples(Float32Array.from((isImage ? channelsLast(golden.x) : golden.x).data));
  const y = Float32Array.from(golden.y.data);
  const model = await Model.create(architecture);
  model.setParameters(ours(golden.state, own));
  const hasBatches = architecture.layers.some(({ kind }) => kind === 'batchNormalization');
  const outputNow = () => model.forward(x).layers.at(-1)?.data ?? [];
  // Of a batch by its own moments there is no output to be seen but by its cost.
  if (!hasBatches) expectClose(outputNow(), golden.output.data, 1e-6, 'output');
  const { cost, gradients } = model.gradients(x, y, { loss, training: true });
  expectClose([cost], [golden.cost], 1e-6, 'cost');
  const want = ours(golden.gradients, own);
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(want).sort());
  for (const [parameter, values] of Object.entries(want)) {
    expectClose(gradients[parameter] ?? [], values, 1e-6, parameter);
  }
  const trainer = await model.trainer({ loss, optimizer: adam({ learningRate: 0.01 }) });
  const costs = golden['adam(0.01)'].costBeforeEachStep.map(() => trainer.stepSync(x, y));
  expectClose(costs, golden['adam(0.01)'].costBeforeEachStep, 1e-6, 'costs of ten steps');
  expectClose(outputNow(), golden.outputAfter10StepsInference.data, 1e-5, 'output after ten steps');
});
