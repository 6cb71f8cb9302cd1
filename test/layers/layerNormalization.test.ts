import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { dense, dropout, layerNormalization, Model } from '../../src/entries/node.js';
import { checkLayer, checkNetwork, sizes } from '../checkLayer.js';
import { checkGoldenLayer, goldenLayer } from '../reference/goldenLayers.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of columns', () => {
    for (const n of sizes) checkLayer(backend, layerNormalization(), 3, n);
  });

  it('at every number of rows', () => {
    for (const n of sizes) checkLayer(backend, layerNormalization(), n, 10);
  });

  it.each([1e-6, 0.1, 10])('with epsilon %d', epsilon => checkLayer(backend, layerNormalization({ epsilon }), 5, 33));

  it('along the last axis of longer shapes', () => {
    for (const n of [1, 3, 17]) {
      checkNetwork(backend, sequential([3, n], [layerNormalization(), dense(4), layerNormalization()]), 5);
    }
  });

  it('between rectifiers and noise, and twice in a row', () => {
    const layers = [17, 10].flatMap(n => [dense(n, { activation: 'relu' }), layerNormalization(), dropout(0.3)]);
    const end = [layerNormalization(), dense(3, { activation: 'softmax' })];
    checkNetwork(backend, sequential([5], [layerNormalization(), ...layers, ...end]), 6);
  });
});

it('gives what PyTorch gives', () => checkGoldenLayer(goldenLayer('layerNorm'), layerNormalization({ epsilon: 1e-5 })));

it('takes rows far from 0, and rows that never vary', async () => {
  const model = await Model.create(sequential([3], [layerNormalization()]));
  const [a = 0, b = 0, c = 0, ...same] = model.predict([
    [1e6, 1e6 + 1, 1e6 + 2],
    [7, 7, 7],
  ]);
  const outer = 1 / Math.sqrt(2 / 3 + 1e-3);
  expect(Math.abs(a + outer) + Math.abs(b) + Math.abs(c - outer)).toBeLessThan(1e-5);
  expect(same).toEqual([0, 0, 0]);
});

it('refuses what it cannot take', () => {
  expect(() => layerNormalization({ epsilon: 0 })).toThrow(RangeError);
  expect(() => layerNormalization({ axis: 1 } as object)).toThrow(/axis/);
});
