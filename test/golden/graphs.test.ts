/** Whole networks with branches against PyTorch's float64 values: output, cost, every gradient, ten steps of Adam. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  adam,
  add,
  binaryCrossEntropy,
  concatenate,
  dense,
  embedding,
  flatten,
  graph,
  layerNormalization,
  Model,
} from '../../src/entries/node.js';
import { expectClose, type Matrix } from '../reference/golden.js';

interface Golden {
  readonly x: Matrix;
  readonly y: Matrix;
  readonly state: Readonly<Record<string, Matrix>>;
  readonly output: Matrix;
  readonly cost: number;
  readonly gradients: Readonly<Record<string, Matrix>>;
  readonly 'adam(0.01)': { readonly costBeforeEachStep: readonly number[] };
  readonly outputAfter10StepsInference: Matrix;
}

const path = new URL('../fixtures/golden/networks2.json', import.meta.url);
const { networks }: { networks: Record<string, Golden> } = JSON.parse(readFileSync(path, 'utf8'));

const norm = () => layerNormalization({ epsilon: 1e-5 });
/** Each network, and what PyTorch calls the layers that it names by number. */
const built = {
  'residual mlp with layer norm': {
    architecture: graph(6, x => {
      const h = x.to(dense(12));
      const inner = h
        .to(norm())
        .to(dense(12, { activation: 'gelu' }))
        .to(dense(12));
      return add(h, inner).to(norm()).to(dense(2));
    }),
    names: {
      '0.dense': '0',
      '1.layerNormalization': '1.m.0',
      '2.dense': '1.m.1',
      '3.dense': '1.m.3',
      '5.layerNormalization': '2',
      '6.dense': '3',
    },
  },
  autoencoder: {
    architecture: graph(10, x => x.to(dense(4, { activation: 'tanh' })).to(dense(10, { activation: 'sigmoid' }))),
    names: { '0.dense': '0', '1.dense': '2' },
  },
  'wide and deep with an embedding': {
    architecture: graph({ numbers: 4, category: [1] }, ({ numbers, category }) => {
      const h = concatenate(numbers, category.to(embedding(7, 3, { name: 'emb' })).to(flatten()));
      const deep = h.to(dense(9, { activation: 'relu' })).to(dense(6, { activation: 'relu' }));
      return concatenate(deep, numbers).to(dense(1, { name: 'head' }));
    }),
    names: { emb: 'emb', '3.dense': 'deep.0', '4.dense': 'deep.2', head: 'head' },
    loss: binaryCrossEntropy({ fromLogits: true }),
    samples: (x: Float32Array) => ({
      numbers: x.filter((_, i) => i % 5 < 4),
      category: Uint16Array.from(x.filter((_, i) => i % 5 === 4)),
    }),
  },
} as const;

/** Their numbers under our name: weights of dense layers are stored the other way round. */
function ours(
  golden: Readonly<Record<string, Matrix>>,
  names: Readonly<Record<string, string>>,
): Record<string, Float32Array> {
  const entries = Object.entries(names).flatMap(([own, theirs]) => {
    const isNorm = own.endsWith('Normalization');
    const parts = isNorm ? ['gamma', 'beta'] : ['weight', 'bias'];
    return ['weight', 'bias'].flatMap((part, k): [string, Float32Array][] => {
      const matrix = golden[`${theirs}.${part}`];
      if (!matrix) return [];
      const [outputs = 0, inputs] = matrix.shape;
      const numbers = Float32Array.from(matrix.data);
      const turned = () => numbers.map((_, i) => numbers[(i % outputs) * (inputs ?? 1) + Math.floor(i / outputs)] ?? 0);
      return [[`${own}.${parts[k]}`, inputs === undefined || own === 'emb' ? numbers : turned()]];
    });
  });
  return Object.fromEntries(entries);
}

it.each(Object.entries(built))('%s', async (name, { architecture, names, ...rest }) => {
  const golden = networks[name];
  if (!golden) throw new Error(`no golden network ${name}`);
  const [given, y] = [Float32Array.from(golden.x.data), Float32Array.from(golden.y.data)];
  const x = 'samples' in rest ? rest.samples(given) : given;
  const loss = 'loss' in rest ? rest.loss : 'meanSquaredError';
  const model = await Model.create(architecture);
  model.setParameters(ours(golden.state, names));
  expectClose(model.forward(x).layers.at(-1)?.data ?? [], golden.output.data, 1e-6, 'output');
  const { cost, gradients } = model.gradients(x, y, { loss });
  expectClose([cost], [golden.cost], 1e-6, 'cost');
  const want = ours(golden.gradients, names);
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(want).sort());
  for (const [parameter, values] of Object.entries(want)) {
    expectClose(gradients[parameter] ?? [], values, 1e-6, parameter);
  }
  const trainer = await model.trainer({ loss, optimizer: adam({ learningRate: 0.01 }) });
  const costs = golden['adam(0.01)'].costBeforeEachStep.map(() => trainer.stepSync(x, y));
  expectClose(costs, golden['adam(0.01)'].costBeforeEachStep, 1e-6, 'costs of ten steps');
  const after = model.forward(x).layers.at(-1)?.data ?? [];
  expectClose(after, golden.outputAfter10StepsInference.data, 1e-5, 'output after ten steps');
});
