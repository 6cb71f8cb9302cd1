import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { batchNormalization, dense, dropout, Model, sgd, Trainer } from '../../src/entries/node.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { at } from '../reference/activations.js';
import { momentsOf } from '../reference/columnNorm.js';
import { numbers } from '../reference/data.js';
import { expectClose } from '../reference/golden.js';
import { checkGoldenBatch, goldenLayer } from '../reference/goldenLayers.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of columns', () => {
    for (const n of sizes) checkLayer(backend, batchNormalization(), 5, n);
  });

  it('at every number of rows', () => {
    for (const n of sizes) checkLayer(backend, batchNormalization({ epsilon: 0.1 }), n, 10);
  });

  it('in chunks of rows, whole and in part', () => {
    for (const rows of [64, 65, 128, 150]) checkLayer(backend, batchNormalization(), rows, 3);
  });

  it.each([{ center: false }, { scale: false }, { center: false, scale: false }, { trainable: false }])(
    '%o',
    options => {
      checkLayer(backend, batchNormalization(options), 5, 17);
    },
  );

  it('at every position, between rectifiers and noise', () => {
    checkNetwork(backend, sequential([3, 5], [batchNormalization(), dense(2)]), 4);
    const layers = [17, 10].flatMap(n => [dense(n, { activation: 'relu' }), batchNormalization(), dropout(0.3)]);
    checkNetwork(backend, sequential([5], [...layers, dense(3, { activation: 'softmax' })]), 9);
  });
});

it('trains as PyTorch does', () => checkGoldenBatch(goldenLayer('batchNorm[B,F] training')));

/** A model of one such layer behind a dense one that does not learn, so that what comes to it is known. */
async function modelOf(momentum: number) {
  const front = dense(3, { trainable: false });
  return Model.create(sequential([4], [front, batchNormalization({ momentum }), dense(1)]), { seed: 2 });
}

it('moves its averages once a step, publishes them at the end of an epoch, and predicts by them', async () => {
  const momentum = 0.7;
  const model = await modelOf(momentum);
  const [x, y] = [numbers(40, 1), numbers(10, 2)];
  const stateOf = () => model.parameters.filter(({ trainable }) => !trainable).map(({ name, data }) => [name, data]);
  const before = stateOf();
  const seen = Float64Array.from(model.forward(x).layers[0]?.data ?? []);
  let [mean, variance] = [new Float64Array(3), new Float64Array(3).fill(1)];
  const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: sgd(), batchSize: 6 });
  await trainer.fit(
    { x, y },
    {
      shuffle: false,
      onBatch: () => expect(stateOf()).toEqual(before),
    },
  );
  for (const [first, last] of [
    [0, 6],
    [6, 10],
  ] as const) {
    const batch = momentsOf(seen.subarray(first * 3, last * 3), 3);
    mean = mean.map((value, i) => momentum * value + (1 - momentum) * at(batch.mean, i));
    variance = variance.map((value, i) => momentum * value + (1 - momentum) * at(batch.variance, i));
  }
  const now = Object.fromEntries(stateOf());
  expectClose(now['1.batchNormalization.movingMean'] as Float32Array, mean, 1e-6);
  expectClose(now['1.batchNormalization.movingVariance'] as Float32Array, variance, 1e-6);
  const normal = model.forward(x).layers[1]?.data ?? [];
  const parameters = Object.fromEntries(model.parameters.map(({ name, data }) => [name, data]));
  const want = seen.map((value, i) => {
    const scale = at(parameters['1.batchNormalization.gamma'] ?? [], i % 3) / Math.sqrt(at(variance, i % 3) + 1e-3);
    return (value - at(mean, i % 3)) * scale + at(parameters['1.batchNormalization.beta'] ?? [], i % 3);
  });
  expectClose(normal, want, 1e-5);
});

it('is the same from its bytes, and a trainer goes on from its own, bit for bit', async () => {
  const data = { x: numbers(80, 1), y: numbers(20, 2) };
  const options = { loss: 'meanSquaredError', optimizer: sgd({ momentum: 0.9 }), batchSize: 6 } as const;
  const whole = await (await modelOf(0.9)).trainer(options);
  const half = await (await modelOf(0.9)).trainer(options);
  await whole.fit(data, { epochs: 4 });
  await half.fit(data, { epochs: 2 });
  const resumed = await Trainer.fromBytes(half.toBytes());
  await resumed.fit(data, { epochs: 2 });
  expect(resumed.model.parameters).toEqual(whole.model.parameters);
  const again = await Model.fromBytes(whole.model.toBytes());
  expect(again.predict(data.x)).toEqual(whole.model.predict(data.x));
  const quantized = await whole.model.quantize({ weights: 'float16' });
  expectClose(quantized.predict(data.x), whole.model.predict(data.x), 1e-2);
});

it('a step that goes too far leaves the averages as they were', async () => {
  const model = await modelOf(0.9);
  const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: sgd({ learningRate: 1e38 }) });
  const before = model.parameters;
  expect(() =>
    trainer.stepSync(
      numbers(40, 1),
      numbers(10, 2).map(v => v * 1e3),
    ),
  ).toThrow(RangeError);
  expect(model.parameters).toEqual(before);
});

it('has no gradient for its state, and sets it like any parameter', async () => {
  const model = await modelOf(0.9);
  const { gradients } = model.gradients(numbers(40, 1), numbers(10, 2), { loss: 'meanSquaredError' });
  expect(Object.keys(gradients)).toEqual([
    '1.batchNormalization.gamma',
    '1.batchNormalization.beta',
    '2.dense.weight',
    '2.dense.bias',
  ]);
  model.setParameters({ '1.batchNormalization.movingMean': [1, 2, 3] });
  expect([...(model.parameters.find(({ name }) => name.endsWith('movingMean'))?.data ?? [])]).toEqual([1, 2, 3]);
});

it('refuses what it cannot take', () => {
  expect(() => batchNormalization({ momentum: 1 })).toThrow(RangeError);
  expect(() => batchNormalization({ epsilon: 0 })).toThrow(RangeError);
  expect(() => batchNormalization({ axis: 1 } as object)).toThrow(/axis/);
});
