import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { adam, dense, embedding, flatten, Model, normalization } from '../../src/entries/node.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { at } from '../reference/activations.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { goldenLayer } from '../reference/goldenLayers.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of units, steps, rows of the table and of the batch', () => {
    for (const n of sizes) {
      checkNetwork(backend, sequential([3], [embedding(7, n)]), 4);
      checkNetwork(backend, sequential([n], [embedding(5, 3)]), 2);
      checkNetwork(backend, sequential([2], [embedding(n, 3)]), 4);
      checkNetwork(backend, sequential([2], [embedding(6, 3)]), n);
    }
  });

  it('in a network, behind flatten and before it', () => {
    const layers = [embedding(9, 17), flatten(), dense(10, { activation: 'relu' }), dense(3)];
    checkNetwork(backend, sequential([4], layers), 6);
    checkNetwork(backend, sequential([2, 2], [flatten(), embedding(9, 5), dense(4, { activation: 'tanh' })]), 6);
  });

  it('that does not learn', () => {
    checkNetwork(backend, sequential([4], [embedding(9, 17, { trainable: false }), flatten(), dense(3)]), 6);
  });
});

it('gives what PyTorch gives', async () => {
  const { x, y, dy, parameters, gradients } = goldenLayer('embedding');
  const { shape: [vocabulary = 1, units = 1] = [], data = [] } = parameters.weight ?? {};
  const model = await Model.create(sequential([at(x.shape, 1)], [embedding(vocabulary, units)]));
  model.setParameters({ '0.embedding.weight': data });
  const rows = Float32Array.from(x.data);
  expectClose(model.predict(rows), y.data, 1e-6, 'y');
  const targets = Float32Array.from(y.data, (value, i) => value - (at(dy.data, i) * y.data.length) / 2);
  const found = model.gradients(rows, targets, { loss: 'meanSquaredError' }).gradients;
  expectClose(found['0.embedding.weight'] ?? [], gradients.weight?.data ?? [], 1e-6, 'dw');
});

it('takes whole numbers of every kind, alike', async () => {
  const model = await Model.create(sequential([2], [embedding(300, 3)]));
  const rows = [
    [0, 255],
    [7, 7],
  ];
  const want = model.predict(rows);
  const flat = rows.flat();
  for (const x of [Int32Array, Uint16Array, Uint8Array, Float32Array].map(kind => kind.from(flat))) {
    expect(model.predict(x)).toEqual(want);
    expect(model.predictInto(new Float32Array(12), x)).toEqual(want);
    expect(await model.predictAsync(x)).toEqual(want);
    const [y, options] = [numbers(12, 1), { loss: 'meanSquaredError' }] as const;
    expect(model.cost(x, y, options)).toBe(model.cost(rows, y, options));
    expect(model.evaluate({ x, y }, options)).toEqual(model.evaluate({ x: rows, y }, options));
  }
});

it('refuses other numbers before any work, with their row and column, wherever they are given', async () => {
  const model = await Model.create(sequential([2], [embedding(5, 3), flatten(), dense(1)]));
  const y = [0, 1];
  const loss = 'meanSquaredError';
  const trainer = await model.trainer({ loss, optimizer: adam() });
  const before = model.parameters;
  for (const bad of [5, -1, 1.5, 1e9]) {
    const x = Float32Array.of(0, 1, 2, bad);
    const message = `x: expected whole numbers from 0 to 4, got ${bad} in row 1, column 1`;
    for (const call of [
      () => model.predict(x),
      () => model.predictInto(new Float32Array(2), x),
      () => model.forward(x),
      () => model.cost(x, y, { loss }),
      () => model.gradients(x, y, { loss }),
      () => model.evaluate({ x, y }, { loss }),
      () => trainer.stepSync(x, y),
    ]) {
      expect(call).toThrow(message);
    }
    await expect(model.predictAsync(x)).rejects.toThrow(message);
    await expect(trainer.fit({ x, y })).rejects.toThrow(message);
    await expect(trainer.fit({ x: [[0, 1]], y: [0] }, { validation: { x, y } })).rejects.toThrow(message);
  }
  expect(model.parameters).toEqual(before);
  expect(() => model.predict(Float32Array.of(0, Number.NaN))).toThrow(/row 0, column 1/);
});

it('stands first, over one axis', () => {
  expect(() => sequential([2], [dense(2), embedding(5, 3)])).toThrow(
    'sequential: expected embedding to come first, where whole numbers are, got it behind another layer',
  );
  expect(() => sequential([2], [normalization(), embedding(5, 3)])).toThrow(/come first/);
  expect(() => sequential([2, 2], [embedding(5, 3)])).toThrow(/input \[rows, steps\]/);
  expect(() => embedding(0, 3)).toThrow(RangeError);
  expect(() => embedding(5, 3, { mode: 'sum' } as object)).toThrow(/mode/);
});

it('is the same from its bytes, and near it with fewer bits', async () => {
  const model = await Model.create(sequential([3], [embedding(40, 21), flatten(), dense(2)]), { seed: 1 });
  const x = Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 40);
  const want = model.predict(x);
  expect((await Model.fromBytes(model.toBytes())).predict(x)).toEqual(want);
  expect(model.summary()).toContain('embedding(40, 21)');
  for (const weights of ['int8', 'float16'] as const) {
    const quantized = await model.quantize({ weights });
    expectClose(quantized.predict(x), want, weights === 'int8' ? 5e-3 : 2e-4, weights);
    const stored = quantized.parameters.find(({ name }) => name === '0.embedding.weight')?.data ?? [];
    const looked = quantized.forward(x).layers[0]?.data ?? [];
    expectClose(
      looked,
      Float64Array.from(looked, (_, i) => at(stored, at(x, Math.floor(i / 21)) * 21 + (i % 21))),
      1e-7,
    );
  }
});
