import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { dense, embeddingBag, Model } from '../../src/entries/node.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { at } from '../reference/activations.js';
import { expectClose } from '../reference/golden.js';
import { goldenLayer } from '../reference/goldenLayers.js';
import { backends } from '../support/binaries.js';

const bags = [{ mode: 'mean' }, { mode: 'sum' }, { mode: 'mean', pad: 1 }, { mode: 'sum', pad: 0 }] as const;

describe.each(backends)('$binary', backend => {
  it.each(bags)('%o at every number of units, steps, rows of the table and of the batch', options => {
    for (const n of sizes) {
      checkNetwork(backend, sequential([3], [embeddingBag(7, n, options)]), 4);
      checkNetwork(backend, sequential([n], [embeddingBag(5, 3, options)]), 2);
      checkNetwork(backend, sequential([2], [embeddingBag(n, 3, options)]), 4);
      checkNetwork(backend, sequential([2], [embeddingBag(6, 3, options), dense(2)]), n);
    }
  });
});

it.each(['sum', 'mean'] as const)('gives what PyTorch gives: %s', async mode => {
  const { x, y, dy, parameters, gradients } = goldenLayer(`embedding, ${mode} over positions`);
  const { shape: [vocabulary = 1, units = 1] = [], data = [] } = parameters.weight ?? {};
  const model = await Model.create(sequential([at(x.shape, 1)], [embeddingBag(vocabulary, units, { mode })]));
  model.setParameters({ '0.embeddingBag.weight': data });
  const rows = Float32Array.from(x.data);
  expectClose(model.predict(rows), y.data, 1e-6, 'y');
  const targets = Float32Array.from(y.data, (value, i) => value - (at(dy.data, i) * y.data.length) / 2);
  const found = model.gradients(rows, targets, { loss: 'meanSquaredError' }).gradients;
  expectClose(found['0.embeddingBag.weight'] ?? [], gradients.weight?.data ?? [], 1e-6, 'dw');
});

it('counts the pad as nothing, within the table and outside of it', async () => {
  for (const pad of [-1, 2, 9]) {
    const model = await Model.create(sequential([3], [embeddingBag(4, 2, { pad })]), { seed: 1 });
    const rows = [
      [1, pad, 3],
      [pad, pad, pad],
    ];
    const weight = model.parameters[0]?.data ?? [];
    const want = [0, 1].map(c => (at(weight, 2 + c) + at(weight, 6 + c)) / 2);
    expectClose(model.predict(rows), [...want, 0, 0], 1e-7);
    const expected = pad === 2 ? 'from 0 to 3, got' : `from 0 to 3, or ${pad}, got`;
    expect(() => model.predict([[1, 2, 8]])).toThrow(expected);
  }
});

it('refuses modes and pads that are none', () => {
  expect(() => embeddingBag(4, 2, { mode: 'max' as never })).toThrow(RangeError);
  for (const pad of [-2, 0.5]) expect(() => embeddingBag(4, 2, { pad })).toThrow(RangeError);
});
