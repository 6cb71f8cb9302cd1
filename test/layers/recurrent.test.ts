import { expect, it } from 'vitest';
import { adam, dense, dropout, gru, lstm, Model, sequential, simpleRnn } from '../../src/entries/node.js';
import { checkSequence } from '../checkSequence.js';
import { numbers } from '../reference/data.js';

const kinds = [simpleRnn, lstm, gru] as const;
const all = { returnSequences: true } as const;

it('at every number of units', async () => {
  for (let n = 1; n <= 17; n++) {
    for (const layer of [simpleRnn(n), lstm(n), gru(n), gru(n, { resetAfter: false })])
      await checkSequence(layer, [3, 2], 2);
  }
});

it('at every number of features, steps and rows', async () => {
  for (const n of [1, 2, 5, 16, 17]) {
    for (const kind of kinds) {
      await checkSequence(kind(3, all), [2, n], 2);
      await checkSequence(kind(3), [n, 2], 2);
      await checkSequence(kind(3, { goBackwards: true }), [3, 2], n);
    }
  }
});

it('backwards, without biases, and with every step', async () => {
  for (const kind of kinds) await checkSequence(kind(5, { ...all, goBackwards: true, useBias: false }), [4, 3], 3);
  await checkSequence(gru(20, { ...all, resetAfter: false, goBackwards: true }), [4, 3], 5);
  for (const layer of [lstm(32, all), gru(32, all), gru(32, { ...all, resetAfter: false })]) {
    await checkSequence(layer, [4, 3], 5);
  }
});

it('begins as Keras says', async () => {
  const model = await Model.create(sequential([4, 2], [lstm(3), dense(1)]));
  const [, recurrentWeight, bias] = model.parameters;
  expect([...(bias?.data ?? [])]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  const u = recurrentWeight?.data ?? new Float32Array();
  const dot = u.subarray(0, 12).reduce((sum, value, i) => sum + value * (u[12 + i] ?? 0), 0);
  expect(Math.abs(dot)).toBeLessThan(1e-6);
});

it('learns, stacked, what came first', async () => {
  const x = numbers(64 * 6, 1);
  const y = Int32Array.from({ length: 64 }, (_, row) => Number((x[row * 6] ?? 0) > 0));
  const layers = [gru(8, all), dropout(0.1), lstm(8), dense(2, { activation: 'softmax' })];
  const model = await Model.create(sequential([6, 1], layers), { seed: 1 });
  const loss = 'sparseCategoricalCrossEntropy';
  const { loss: losses } = await model.fit({ x, y }, { loss, optimizer: adam({ learningRate: 0.02 }), epochs: 40 });
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 3);
});

it.each(['int8', 'float16'] as const)('keeps %s weights', async weights => {
  const model = await Model.create(sequential([5, 3], [lstm(7, all), gru(4)]), { seed: 2 });
  const small = await Model.fromBytes((await model.quantize({ weights })).toBytes());
  model.setParameters(Object.fromEntries(small.parameters.map(({ name, data }) => [name, data])));
  const x = numbers(60, 3);
  const want = model.predict(x);
  small.predict(x).forEach((value, i) => {
    expect(Math.abs(value - (want[i] ?? 0))).toBeLessThan(1e-5);
  });
});

it('does not learn where it is told so, and lets what lies below', async () => {
  const model = await Model.create(sequential([4, 2], [dense(3), lstm(3, { trainable: false })]), { seed: 2 });
  const { gradients } = model.gradients(numbers(16, 1), numbers(6, 2), { loss: 'meanSquaredError' });
  expect(Object.keys(gradients)).toEqual(['0.dense.weight', '0.dense.bias']);
});

it('refuses what it cannot take', () => {
  expect(() => lstm(0)).toThrow(RangeError);
  expect(() => lstm(4, { activation: 'relu' } as object)).toThrow(/activation/);
  expect(() => lstm(4, { resetAfter: true } as object)).toThrow(/resetAfter/);
  expect(() => gru(4, { biasInitializer: 'orthogonal' })).toThrow(/vector/);
  expect(() => sequential([8], [lstm(4)])).toThrow(/put reshape/);
});
