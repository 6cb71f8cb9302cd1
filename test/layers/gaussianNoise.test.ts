import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { adam, dense, gaussianNoise, Model } from '../../src/entries/node.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { numbers } from '../reference/data.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of columns', () => {
    for (const n of sizes) checkLayer(backend, gaussianNoise(0.3), 3, n);
  });

  it('at every number of rows', () => {
    for (const n of sizes) checkLayer(backend, gaussianNoise(0.3), n, 10);
  });

  it.each([0, 1e-3, 2])('with deviation %d', deviation => checkLayer(backend, gaussianNoise(deviation), 5, 33));

  it('behind rectifiers and before them, each layer with noise of its own', () => {
    const layers = [17, 10].flatMap(n => [dense(n, { activation: 'relu' }), gaussianNoise(0.5)]);
    checkNetwork(backend, sequential([5], [gaussianNoise(0.2), ...layers, dense(3)]), 6);
  });
});

it('does nothing while predicting, judging and evaluating', async () => {
  const layers = [dense(4, { activation: 'tanh' }), dense(2)];
  const [noisy, plain] = await Promise.all([
    Model.create(sequential([3], [layers[0] ?? dense(1), gaussianNoise(1), layers[1] ?? dense(1)])),
    Model.create(sequential([3], layers)),
  ]);
  noisy.setParameters({ '2.dense.weight': plain.parameters[2]?.data ?? [] });
  const [x, y] = [numbers(30, 1), numbers(20, 2)];
  expect(noisy.predict(x)).toEqual(plain.predict(x));
  expect(noisy.cost(x, y, { loss: 'meanSquaredError' })).toBe(plain.cost(x, y, { loss: 'meanSquaredError' }));
});

it('draws anew in every step and the same in every run', async () => {
  const run = async () => {
    const model = await Model.create(sequential([3], [gaussianNoise(0.5), dense(1)]), { seed: 3 });
    const trainer = await model.trainer({ loss: 'meanSquaredError', optimizer: adam({ learningRate: 1e-9 }) });
    return [1, 2, 3].map(() => trainer.stepSync(numbers(30, 1), numbers(10, 2)));
  };
  const costs = await run();
  expect(await run()).toEqual(costs);
  expect(new Set(costs).size).toBe(3);
});

it('refuses a deviation below 0', () => expect(() => gaussianNoise(-1)).toThrow(RangeError));
