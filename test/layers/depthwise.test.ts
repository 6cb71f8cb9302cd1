import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import {
  dense,
  depthwiseConv1d,
  depthwiseConv2d,
  flatten,
  Model,
  separableConv1d,
  separableConv2d,
} from '../../src/entries/node.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { numbers } from '../reference/data.js';
import { backends } from '../support/binaries.js';

const same = { padding: 'same' } as const;

describe.each(backends)('$binary', backend => {
  it('at every number of channels', () => {
    for (const n of sizes.filter(size => size < 20)) {
      checkNetwork(backend, sequential([4, 3, n], [depthwiseConv2d(3, same)]), 3);
      checkNetwork(backend, sequential([4, 3, n], [depthwiseConv2d(2, { depthMultiplier: 3 })]), 2);
      checkNetwork(backend, sequential([5, n], [separableConv1d(4, 3)]), 2);
    }
  });

  it('with windows of 3 × 3 at every width of an image', () => {
    for (let width = 1; width <= 17; width++) {
      const [height, strides] = [1 + ((width * 5) % 7), 1 + (width % 3)];
      const shape = [height, width, 3 + (width % 4) * 5];
      checkNetwork(backend, sequential(shape, [dense(shape[2] ?? 1), depthwiseConv2d(3, same)]), 5);
      checkNetwork(backend, sequential(shape, [depthwiseConv2d(3, { ...same, strides })]), 3);
      checkNetwork(backend, sequential(shape, [depthwiseConv2d(3, { ...same, dilation: [strides, 1] })]), 3);
      if (width < 3) continue;
      const tall = [height + 2, width, 17];
      checkNetwork(backend, sequential(tall, [dense(17), depthwiseConv2d(3, { strides })]), 3);
    }
  });

  it('whatever its windows are', () => {
    const length = (max: number) => fc.integer({ min: 1, max });
    const windows = fc.record({
      image: fc.tuple(length(8), length(8)),
      kernel: fc.tuple(length(4), length(4)),
      strides: fc.tuple(length(3), length(3)),
      dilation: fc.tuple(length(3), length(3)),
      dilates: fc.boolean(),
      channels: length(18),
      depthMultiplier: length(3),
      rows: length(4),
    });
    fc.assert(
      fc.property(windows, ({ image, kernel, strides, dilation, dilates, channels, depthMultiplier, rows }) => {
        const options = { ...same, depthMultiplier, ...(dilates ? { dilation } : { strides }) };
        const layers = [dense(channels), depthwiseConv2d(kernel, options)];
        checkNetwork(backend, sequential([...image, channels], layers), rows);
      }),
      { numRuns: 15 },
    );
  });

  it('between layers, with rectifiers, and where it does not learn', () => {
    const layers = [
      dense(18, { activation: 'relu' }),
      depthwiseConv2d(3, { ...same, activation: 'relu' }),
      separableConv2d(7, 3, { activation: 'tanh', depthMultiplier: 2 }),
      depthwiseConv2d(2, { trainable: false, useBias: false }),
      flatten(),
      dense(3),
    ];
    checkNetwork(backend, sequential([5, 6, 2], layers), 5);
    checkNetwork(backend, sequential([7, 5], [depthwiseConv1d(3), separableConv1d(4, 2, { useBias: false })]), 5);
  });
});

it('has an int8 scale for each of its outputs', async () => {
  const layers = [depthwiseConv2d(3, { depthMultiplier: 2 }), separableConv2d(4, 2)];
  const model = await Model.create(sequential([6, 5, 3], layers), { seed: 2 });
  const small = await Model.fromBytes((await model.quantize({ weights: 'int8' })).toBytes());
  const weights = model.parameters[0]?.data ?? [];
  const kept = small.parameters[0]?.data ?? [];
  const largest = Array.from({ length: 6 }, (_, o) => Math.max(...weights.filter((_, i) => i % 6 === o).map(Math.abs)));
  weights.forEach((value, i) => {
    expect(Math.abs(value - (kept[i] ?? 0))).toBeLessThanOrEqual(((largest[i % 6] ?? 0) / 127) * 0.501);
  });
  model.setParameters(Object.fromEntries(small.parameters.map(({ name, data }) => [name, data])));
  const x = numbers(90, 3);
  const want = model.predict(x);
  small.predict(x).forEach((value, i) => {
    expect(Math.abs(value - (want[i] ?? 0))).toBeLessThan(1e-5);
  });
});

it('refuses what it cannot take', () => {
  expect(() => depthwiseConv2d(3, { depthMultiplier: 0 })).toThrow(RangeError);
  expect(() => depthwiseConv2d(3, { groups: 2 } as object)).toThrow(/groups/);
  expect(() => separableConv2d(0, 3)).toThrow(RangeError);
  expect(() => sequential([3, 3, 2], [separableConv2d(4, 5)])).toThrow(/at most 3, the input's height, got 5/);
  expect(() => sequential([9], [depthwiseConv1d(3)])).toThrow(/put reshape/);
});
