import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import {
  averagePool1d,
  averagePool2d,
  dense,
  globalAveragePool1d,
  globalAveragePool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  Model,
  maxPool1d,
  maxPool2d,
} from '../../src/entries/node.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of channels, and behind a layer that learns', () => {
    for (const n of sizes.filter(size => size < 20)) {
      checkNetwork(backend, sequential([4, 5, n], [maxPool2d(2)]), 3);
      checkNetwork(backend, sequential([4, 5, 2], [dense(n), averagePool2d(2)]), 3);
      checkNetwork(backend, sequential([5, 2], [dense(n), maxPool1d(3, { strides: 1 }), averagePool1d()]), 2);
      checkNetwork(backend, sequential([3, 4, 2], [dense(n, { activation: 'relu' }), globalMaxPool2d(), dense(2)]), 2);
      checkNetwork(backend, sequential([n, 3], [dense(4), globalAveragePool1d(), dense(2)]), 2);
    }
    checkNetwork(backend, sequential([4, 3], [dense(5), globalMaxPool1d()]), 2);
    checkNetwork(backend, sequential([4, 3, 5], [dense(5), globalAveragePool2d()]), 2);
  });

  it('whatever its windows are', () => {
    const length = (max: number) => fc.integer({ min: 1, max });
    const windows = fc.record({
      image: fc.tuple(length(9), length(9)),
      poolSize: fc.tuple(length(4), length(4)),
      strides: fc.tuple(length(4), length(4)),
      isMax: fc.boolean(),
      rows: length(4),
    });
    fc.assert(
      fc.property(windows, ({ image, poolSize, strides, isMax, rows }) => {
        const layer = (isMax ? maxPool2d : averagePool2d)(poolSize, { strides, padding: 'same' });
        checkNetwork(backend, sequential([...image, 2], [dense(3), layer]), rows);
      }),
      { numRuns: 15 },
    );
  });
});

it('gives the gradient of equal numbers to the first', async () => {
  const model = await Model.create(sequential([4, 1], [maxPool1d(2)]));
  const { gradients } = model.gradients([[5, 5, 1, 2]], [[4, 1]], { loss: 'meanSquaredError', inputs: true });
  expect([...(gradients.input ?? [])]).toEqual([1, 0, 0, 1]);
});

it('lets NaN through wherever in a window it stands', async () => {
  const layers = [dense(2, { useBias: false }), dense(1, { useBias: false }), maxPool1d(4)];
  const model = await Model.create(sequential([4, 1], layers));
  model.setParameters({ '0.dense.weight': [1e30, -1e30], '1.dense.weight': [1e30, 1e30] });
  expect([...model.predict([[0, 0, 0, 0]])]).toEqual([0]);
  for (const row of [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 0, 1],
    [1, 1, 1, 1],
  ]) {
    expect(() => model.predict([row]), String(row)).toThrow('expected finite outputs');
  }
});

it('lets NaN through 2 × 2 numbers, in every place and column', async () => {
  const filters = [dense(2, { useBias: false }), dense(17, { useBias: false }), maxPool2d(2)];
  const model = await Model.create(sequential([2, 2, 1], filters));
  for (const column of [0, 5, 10, 15, 16]) {
    const weights = Array.from({ length: 34 }, (_, i) => (i % 17 === column ? 1e30 : 0));
    model.setParameters({ '0.dense.weight': [1e30, -1e30], '1.dense.weight': weights });
    expect([...model.predict(new Float32Array(4))]).toEqual(Array.from({ length: 17 }, () => 0));
    for (let place = 0; place < 4; place++) {
      const image = new Float32Array(4).fill(1, place, place + 1);
      expect(() => model.predict(image), `${column}, ${place}`).toThrow('expected finite outputs');
    }
  }
});

it('refuses what it cannot take', () => {
  expect(() => maxPool2d(0)).toThrow(RangeError);
  expect(() => averagePool2d(2, { size: 2 } as object)).toThrow(/size/);
  expect(() => sequential([3, 1], [maxPool1d(4)])).toThrow(/at most 3, the input's steps, got 4/);
  expect(() => sequential([3, 3], [globalMaxPool2d()])).toThrow(/put reshape/);
});
