import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { adam, dense, flatten, Model, normalization } from '../../src/entries/node.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { at } from '../reference/activations.js';
import { columnNormForward, momentsOf } from '../reference/columnNorm.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it.each([false, true])('at every number of columns, inverted: %s', invert => {
    for (const n of sizes) checkLayer(backend, normalization({ invert }), 3, n);
  });

  it('at every number of rows, and at every position', () => {
    for (const n of sizes) checkLayer(backend, normalization(), n, 10);
    checkNetwork(backend, sequential([3, 5], [normalization(), dense(2), normalization({ invert: true })]), 4);
  });
});

const far = (count: number, seed: number) =>
  numbers(count, seed).map((value, i) => 100 * (i % 3) + value * (1 + (i % 3)));
const normal = (x: ArrayLike<number>, columns: number) => {
  const values = Float64Array.from(x);
  const norm = {
    ...momentsOf(values, columns),
    gamma: undefined,
    beta: undefined,
    epsilon: 0,
    invert: false,
    fixed: true,
  };
  return columnNormForward(values, norm);
};

it('adapts to rows, bytes and positions; a feature that never varies loses its mean alone', async () => {
  const x = far(30, 1);
  const model = await Model.create(sequential([3], [normalization()]));
  expect(model.predict(x)).toEqual(x);
  model.adapt({ x });
  expectClose(model.predict(x), normal(x, 3), 1e-5);
  const same = [
    [5, 1, 2],
    [5, 3, 2],
  ];
  model.adapt({ x: same });
  expect([...model.predict(same)]).toEqual([0, -1, 0, 0, 1, 0]);
  const bytes = Uint8Array.from({ length: 30 }, (_, i) => (i * 37) % 256);
  model.adapt({ x: bytes, scale: 1 / 255 });
  expectClose(
    model.predict({ x: bytes, scale: 1 / 255 }),
    normal(
      Float64Array.from(bytes, v => v / 255),
      3,
    ),
    1e-5,
  );
  const images = await Model.create(sequential([2, 3], [normalization(), flatten()]));
  images.adapt({ x });
  expectClose(images.predict(x), normal(x, 3), 1e-5);
});

it('adapts one layer after another, each to what comes to it', async () => {
  const x = far(60, 3);
  const model = await Model.create(sequential([3], [normalization(), dense(2, { name: 'd' }), normalization()]));
  model.adapt({ x });
  expectClose(model.predict(x), normal(model.forward(x).layers[1]?.data ?? [], 2), 1e-5);
});

it('a fit adapts what is not adapted, to its training rows; once', async () => {
  const layers = [normalization(), dense(4, { activation: 'tanh' }), dense(1), normalization({ invert: true })];
  const model = await Model.create(sequential([3], layers), { seed: 1 });
  const x = far(300, 1);
  const y = Float32Array.from({ length: 100 }, (_, i) => 1000 + 50 * at(normal(x, 3), 3 * i));
  const data = { x: x.subarray(0, 240), y: y.subarray(0, 80) };
  const options = { loss: 'meanSquaredError', optimizer: adam({ learningRate: 0.05 }), epochs: 60 } as const;
  const validation = { x: x.subarray(240), y: y.subarray(80) };
  const { valLoss = [] } = await model.fit(data, { ...options, validation });
  expect(valLoss.at(-1)).toBeLessThan(50);
  const state = () => Object.fromEntries(model.parameters.filter(p => !p.trainable).map(p => [p.name, p.data]));
  const [first, want] = [state(), momentsOf(Float64Array.from(data.x), 3)];
  expectClose(first['0.normalization.mean'] ?? [], want.mean, 1e-6);
  expectClose(first['0.normalization.variance'] ?? [], want.variance, 1e-6);
  expectClose(first['3.normalization.mean'] ?? [], momentsOf(Float64Array.from(data.y), 1).mean, 1e-6);
  await model.fit(validation, { ...options, epochs: 1 });
  expect(state()).toEqual(first);
  expect((await Model.fromBytes(model.toBytes())).predict(x)).toEqual(model.predict(x));
});

it('adapts to targets alone, as numbers and as rows', async () => {
  const model = await Model.create(sequential([2], [dense(2), normalization({ invert: true })]));
  const y = far(12, 4);
  const state = () => model.parameters.filter(p => !p.trainable).map(p => p.data);
  model.adapt({ y });
  const flat = state();
  expectClose(flat[0] ?? [], momentsOf(Float64Array.from(y), 2).mean, 1e-6);
  model.adapt({ y: Array.from({ length: 6 }, (_, row) => [...y.subarray(2 * row, 2 * row + 2)]) });
  expect(state()).toEqual(flat);
});

it('refuses what it cannot be adapted to', async () => {
  const plain = await Model.create(sequential([2], [dense(2)]));
  expect(() => plain.adapt({ x: [[1, 2]] })).toThrow('adapt: x: expected a network with normalization(), got none');
  const model = await Model.create(sequential([2], [normalization(), dense(2)]));
  expect(() => model.adapt({})).toThrow('adapt: expected x, y or both, got neither');
  expect(() => model.adapt({ y: [1, 2] })).toThrow(/invert: true/);
  expect(() => model.adapt({ x: [[1, Number.NaN]] })).toThrow(/row 0, column 1/);
  expect(() => model.adapt({ x: [[1, 2, 3]] })).toThrow(/input \[rows, 2\]/);
  const inverted = await Model.create(sequential([2], [normalization({ invert: true }), dense(2)]));
  expect(() => inverted.adapt({ y: [1, 2] })).toThrow(
    'adapt: 0.normalization: expected normalization({ invert: true })',
  );
  expect(() => normalization({ axis: -1 } as object)).toThrow(/axis/);
});
