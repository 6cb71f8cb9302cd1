import { expect, it } from 'vitest';
import {
  adam,
  attend,
  dense,
  globalAveragePool1d,
  graph,
  layerNormalization,
  Model,
  multiHeadAttention,
  positionEmbedding,
  sequential,
} from '../../src/entries/node.js';
import { checkSequence } from '../checkSequence.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { sequenceOutput } from '../reference/sequences.js';

it('at every number of steps, features and heads, and of columns of a head', async () => {
  for (let n = 1; n <= 17; n++) {
    await checkSequence(multiHeadAttention(2, n), [3, 2], 1);
    await checkSequence(multiHeadAttention(2, 3, { causal: true }), [n, 3], 2);
    if (n % 4 === 1) await checkSequence(multiHeadAttention(n, 2, { useBias: false }), [2, n], 2);
  }
});

it('attends to another sequence', async () => {
  const layer = multiHeadAttention(2, 3);
  const architecture = graph({ ours: [3, 4], theirs: [5, 2] }, ({ ours, theirs }) => ({
    out: attend(ours, theirs, layer),
  }));
  const model = await Model.create(architecture, { seed: 4 });
  const [ours, theirs] = [numbers(2 * 12, 1), numbers(2 * 10, 2)];
  const own = Object.fromEntries(model.parameters.map(({ name, data }) => [name.replace(/^.*n\./, ''), data]));
  const rows = (values: Float32Array, row: number, steps: number, features: number) =>
    Array.from({ length: steps }, (_, t) =>
      Array.from({ length: features }, (_, i) => at(values, (row * steps + t) * features + i)),
    );
  const want = [0, 1].flatMap(row => sequenceOutput(layer, own, rows(ours, row, 3, 4), rows(theirs, row, 5, 2)).flat());
  const { out } = model.predict({ ours, theirs } as never) as unknown as { out: Float32Array };
  expectClose(out, want, 1e-5);
});

it('drops weights while training alone, and learns', async () => {
  const layers = [
    positionEmbedding(6),
    multiHeadAttention(2, 4, { dropout: 0.2 }),
    layerNormalization(),
    globalAveragePool1d(),
    dense(2, { activation: 'softmax' }),
  ];
  const model = await Model.create(sequential([6, 5], layers), { seed: 1 });
  const x = numbers(32 * 30, 1);
  const y = Int32Array.from({ length: 32 }, (_, row) => Number((x[row * 30] ?? 0) > 0));
  expect(model.predict(x)).toEqual(model.predict(x));
  const loss = 'sparseCategoricalCrossEntropy';
  const { loss: losses } = await model.fit({ x, y }, { loss, optimizer: adam({ learningRate: 0.01 }), epochs: 60 });
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
});

it('refuses what it cannot take', () => {
  expect(() => multiHeadAttention(0, 4)).toThrow(RangeError);
  expect(() => multiHeadAttention(2, 4, { dropout: 1 })).toThrow(RangeError);
  expect(() => multiHeadAttention(2, 4, { activation: 'relu' } as object)).toThrow(/activation/);
  expect(() => sequential([8], [multiHeadAttention(2, 4)])).toThrow(/put reshape/);
  expect(() => graph([3, 4], x => attend(x, x, dense(3) as never))).toThrow(/multiHeadAttention/);
});
