import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placedLayers, sequential } from '../../src/architecture.js';
import { conv2d, conv2dTranspose, dense, Model } from '../../src/entries/node.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { numbers } from '../reference/data.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of channels and filters', () => {
    for (const n of sizes.filter(size => size < 20)) {
      checkNetwork(backend, sequential([2, 3, n], [conv2dTranspose(3, 3, { strides: 2, padding: 'same' })]), 3);
      checkNetwork(backend, sequential([3, 2, 2], [conv2dTranspose(n, 2, { activation: 'relu' })]), 3);
    }
  });

  it('whatever its windows are', () => {
    const length = (max: number) => fc.integer({ min: 1, max });
    const windows = fc.record({
      image: fc.tuple(length(4), length(4)),
      kernel: fc.tuple(length(4), length(4)),
      strides: fc.tuple(length(3), length(3)),
      padding: fc.constantFrom('valid', 'same'),
      rows: length(3),
    });
    fc.assert(
      fc.property(windows, ({ image, kernel, strides, padding, rows }) => {
        const layer = conv2dTranspose(3, kernel, { strides, padding: padding as 'same' });
        checkNetwork(backend, sequential([...image, 2], [layer]), rows);
      }),
      { numRuns: 15 },
    );
  });

  it('between layers', () => {
    const layers = [
      conv2d(6, 3, { strides: 2, padding: 'same', activation: 'relu' }),
      conv2dTranspose(18, 3, { strides: 2, padding: 'same', outputPadding: 1, activation: 'relu' }),
      conv2dTranspose(2, [2, 1], { useBias: false, activation: 'tanh' }),
      dense(2),
    ];
    checkNetwork(backend, sequential([6, 4, 3], layers), 4);
  });
});

/** As Keras says: of `valid` length · stride + max(kernel − stride, 0), of `same` length · stride. */
it.each([
  [5, 3, 2, 'valid', 11],
  [5, 2, 3, 'valid', 15],
  [5, 3, 2, 'same', 10],
  [5, 2, 3, 'same', 15],
] as const)(
  'makes of %d lines with kernel %d, stride %d and %s padding %d',
  (length, kernel, strides, padding, want) => {
    const [layer] = placedLayers(
      sequential([length, 1, 1], [conv2dTranspose(1, [kernel, 1], { strides: [strides, 1], padding })]),
    );
    expect(layer?.outputShape).toEqual([want, 1, 1]);
  },
);

it.each(['int8', 'float16'] as const)('keeps %s weights', async weights => {
  const model = await Model.create(sequential([3, 4, 5], [conv2dTranspose(4, 3, { strides: 2 })]), { seed: 2 });
  const small = await Model.fromBytes((await model.quantize({ weights })).toBytes());
  model.setParameters(Object.fromEntries(small.parameters.map(({ name, data }) => [name, data])));
  const x = numbers(60, 3);
  const want = model.predict(x);
  small.predict(x).forEach((value, i) => {
    expect(Math.abs(value - (want[i] ?? 0))).toBeLessThan(1e-5);
  });
});

it('refuses what it cannot take', () => {
  expect(() => conv2dTranspose(3, 3, { outputPadding: 1 })).toThrow(/less than strides/);
  expect(() => conv2dTranspose(3, 3, { dilation: 2 } as object)).toThrow(/dilation/);
  expect(() => sequential([4, 3], [conv2dTranspose(3, 3)])).toThrow(/put reshape/);
});
