import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { dense, Model, rmsNormalization } from '../../src/entries/node.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { checkGoldenLayer, goldenLayer } from '../reference/goldenLayers.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of columns', () => {
    for (const n of sizes) checkLayer(backend, rmsNormalization({ epsilon: 1e-3 }), 3, n);
  });

  it('at every number of rows', () => {
    for (const n of sizes) checkLayer(backend, rmsNormalization({ epsilon: 1e-3 }), n, 10);
  });

  it('behind rectifiers and before them', () => {
    const layers = [17, 10].flatMap(n => [dense(n, { activation: 'relu' }), rmsNormalization()]);
    checkNetwork(backend, sequential([5], [rmsNormalization(), ...layers, dense(3)]), 6);
  });
});

it('gives what PyTorch gives', () => checkGoldenLayer(goldenLayer('rmsNorm epsilon 1e-6'), rmsNormalization()));

it('makes the mean square of each row 1, and leaves zeros', async () => {
  const model = await Model.create(sequential([4], [rmsNormalization()]));
  const y = model.predict([
    [1, -2, 3, 400],
    [0, 0, 0, 0],
  ]);
  expect(y.subarray(0, 4).reduce((sum, value) => sum + value * value, 0) / 4).toBeCloseTo(1, 5);
  expect([...y.subarray(4)]).toEqual([0, 0, 0, 0]);
});

it('refuses an epsilon of 0 and unknown options', () => {
  expect(() => rmsNormalization({ epsilon: 0 })).toThrow(RangeError);
  expect(() => rmsNormalization({ center: true } as object)).toThrow(/center/);
});
