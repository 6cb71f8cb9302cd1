import { expect, it } from 'vitest';
import {
  add,
  bidirectional,
  conv1d,
  dense,
  dropout,
  embedding,
  globalAveragePool1d,
  graph,
  gru,
  type Layer,
  layerNormalization,
  lstm,
  Model,
  multiHeadAttention,
  sequential,
  simpleRnn,
} from '../../src/entries/node.js';
import { Model as Reader } from '../../src/entries/predict.node.js';
import { numbers } from '../reference/data.js';

const [steps, features] = [9, 3];
const all = { returnSequences: true } as const;
const causal = { padding: 'causal' } as const;
const networks: Readonly<Record<string, readonly Layer[]>> = {
  'lstm, its last step': [lstm(17), dense(2)],
  'lstm in whole panels': [lstm(32, all), dense(2)],
  'gru, reset before': [gru(5, { ...all, resetAfter: false }), dense(2)],
  'stacked, with norms and dropout': [
    dense(4),
    gru(6, all),
    dropout(0.5),
    layerNormalization(),
    lstm(3, all),
    dense(1),
  ],
  'causal convolutions': [conv1d(5, 3, causal), conv1d(4, 2, { ...causal, dilation: 3, activation: 'relu' }), dense(2)],
  'in groups, then recurrent': [conv1d(6, 2, { ...causal, groups: 3 }), simpleRnn(4)],
};

it.each(Object.entries(networks))('%s: each step gives what predict gives of all so far', async (_, layers) => {
  const made = await Model.create(sequential([steps, features], layers), { seed: 2, deterministic: true });
  const small = await made.quantize({ weights: 'int8' });
  for (const model of [made, small, await Reader.fromBytes(made.toBytes(), { deterministic: true })]) {
    const stream = model.stateful();
    for (const seed of [1, 2]) {
      const x = numbers(steps * features, seed);
      const whole = model.predict(x);
      const isSequence = whole.length > 4;
      const columns = isSequence ? whole.length / steps : whole.length;
      for (let t = 0; t < steps; t++) {
        const got = [...stream.step(x.subarray(t * features, (t + 1) * features))];
        const want = whole.subarray(t * columns, (t + 1) * columns);
        if (isSequence) expect(got).toEqual([...want]);
        else if (t === steps - 1) expect(got).toEqual([...whole]);
      }
      stream.reset();
    }
  }
});

it('takes indices, lists and branches, and gives one array', async () => {
  const model = await Model.create(
    graph([steps], x => {
      const h = x.to(embedding(7, 4));
      return add(h, h.to(gru(4, all))).to(dense(2));
    }),
    { deterministic: true },
  );
  const x = Uint8Array.from({ length: steps }, (_, i) => (i * 5) % 7);
  const whole = model.predict(Float32Array.from(x));
  const stream = model.stateful();
  const first = stream.step([x[0] ?? 0]);
  expect([...first]).toEqual([...whole.subarray(0, 2)]);
  expect(stream.step(x.subarray(1, 2))).toBe(first);
  expect([...first]).toEqual([...whole.subarray(2, 4)]);
});

it('keeps its state through a step that was refused, and its parameters from when it was made', async () => {
  const model = await Model.create(sequential([steps, features], [lstm(4)]));
  const [one, other] = [model.stateful(), model.stateful()];
  const x = numbers(2 * features, 1);
  one.step(x.subarray(0, 3));
  other.step(x.subarray(0, 3));
  expect(() => one.step(Float32Array.of(1, Number.NaN, 2))).toThrow(/NaN in row 0, column 1/);
  expect(() => one.step(x)).toThrow(/one step, 3 numbers, got 2 of them/);
  expect(() => one.step(Float32Array.of(1))).toThrow(RangeError);
  model.setParameters({ '0.lstm.bias': new Float32Array(16) });
  expect([...one.step(x.subarray(3))]).toEqual([...other.step(x.subarray(3))]);
});

it('refuses layers that need other steps', async () => {
  for (const [layers, what] of [
    [[multiHeadAttention(1, 2)], /multiHeadAttention/],
    [[bidirectional(lstm(2))], /bidirectional/],
    [[gru(2, { goBackwards: true })], /0\.gru \(gru\(2\)\)/],
    [[globalAveragePool1d()], /globalAveragePool1d/],
    [[conv1d(2, 3)], /conv1d\(2, 3\)/],
  ] as const) {
    const model = await Model.create(sequential([steps, features], layers));
    expect(() => model.stateful()).toThrow(what);
    expect(() => model.stateful()).toThrow(/layers that go from step to step/);
  }
  const named = await Model.create(graph({ a: [2, 2] }, ({ a }) => ({ y: a.to(lstm(2)) })));
  expect(() => named.stateful()).toThrow(/one input without a name/);
});
