import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import { conv1d, conv2d, dense, flatten, Model, maxPool2d } from '../../src/entries/node.js';
import { checkNetwork, sizes } from '../checkLayer.js';
import { numbers } from '../reference/data.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of channels and filters', () => {
    for (const n of sizes.filter(size => size < 20)) {
      checkNetwork(backend, sequential([4, 5, n], [conv2d(3, 3, { padding: 'same' })]), 3);
      checkNetwork(backend, sequential([4, 3, 2], [conv2d(n, [2, 3])]), 3);
    }
  });

  it('at every height, width and number of rows', () => {
    for (const n of sizes.filter(size => size < 20)) {
      checkNetwork(backend, sequential([n, 3, 2], [conv2d(3, 3, { padding: 'same', strides: 2 })]), 2);
      checkNetwork(backend, sequential([2, n, 5], [conv2d(4, 2, { padding: 'same', activation: 'relu' })]), 2);
      checkNetwork(backend, sequential([3, 3, 2], [conv2d(3, 2), conv2d(2, 1)]), n);
    }
  });

  it('between layers, with rectifiers, biases or none, and where it does not learn', () => {
    const image = sequential(
      [6, 7, 3],
      [
        conv2d(9, 3, { activation: 'relu', useBias: false }),
        conv2d(17, 3, { strides: 2, padding: 'same', activation: 'relu', trainable: false }),
        conv2d(5, 1, { activation: 'tanh' }),
        maxPool2d(2, { padding: 'same' }),
        flatten(),
        dense(3, { activation: 'softmax' }),
      ],
    );
    checkNetwork(backend, image, 5);
    const sequence = [conv1d(7, 3, { padding: 'causal', activation: 'gelu' }), conv1d(4, 2, { groups: 1, strides: 3 })];
    checkNetwork(backend, sequential([9, 5], sequence), 5);
  });

  it('whatever its windows are', () => {
    const length = (max: number) => fc.integer({ min: 1, max });
    const windows = fc.record({
      image: fc.tuple(length(9), length(9)),
      kernel: fc.tuple(length(5), length(5)),
      strides: fc.tuple(length(3), length(3)),
      dilation: fc.tuple(length(3), length(3)),
      dilates: fc.boolean(),
      padding: fc.constantFrom('valid', 'same'),
      groups: length(3),
      channels: length(6),
      filters: length(6),
      rows: length(5),
    });
    fc.assert(
      fc.property(
        windows,
        ({ image, kernel, strides, dilation, dilates, padding, groups, channels, filters, rows }) => {
          const apart = dilates ? { dilation } : { strides };
          const reach = kernel.map((size, i) => (size - 1) * (dilates ? (dilation[i] ?? 1) : 1) + 1);
          fc.pre(padding === 'same' || reach.every((size, i) => size <= (image[i] ?? 1)));
          const layer = conv2d(filters * groups, kernel, { ...apart, padding: padding as 'same', groups });
          checkNetwork(backend, sequential([...image, channels * groups], [layer]), rows);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('back to whole panels of channels, rectified or not, whatever its windows are', () => {
    const length = (max: number) => fc.integer({ min: 1, max });
    const windows = fc.record({
      image: fc.tuple(length(9), length(9)),
      kernel: fc.tuple(length(4), length(4)),
      strides: fc.tuple(length(3), length(3)),
      dilation: fc.tuple(length(3), length(3)),
      kind: fc.constantFrom('strides', 'dilation', 'neither'),
      padding: fc.constantFrom('valid', 'same'),
      panels: length(3),
      filters: length(18),
      rows: length(5),
    });
    fc.assert(
      fc.property(windows, ({ image, kernel, strides, dilation, kind, padding, panels, filters, rows }) => {
        const apart = kind === 'strides' ? { strides } : kind === 'dilation' ? { dilation } : {};
        const reach = kernel.map((size, i) => (size - 1) * (kind === 'dilation' ? (dilation[i] ?? 1) : 1) + 1);
        fc.pre(padding === 'same' || reach.every((size, i) => size <= (image[i] ?? 1)));
        const before = conv2d(16 * panels, 1, { activation: 'relu' });
        const layer = conv2d(filters, kernel, { ...apart, padding: padding as 'same' });
        checkNetwork(backend, sequential([...image, 2], [before, layer]), rows);
      }),
      { numRuns: 40 },
    );
  });

  it('of one number at every second place, over more than a strip', () => {
    for (const channels of [5, 16, 33]) {
      const layers = [conv2d(channels, 1, { activation: 'relu' }), conv2d(19, 1, { strides: 2 })];
      checkNetwork(backend, sequential([33, 35, 3], layers), 3);
    }
  });

  it('over more than a strip, of more than a panel', () => {
    checkNetwork(backend, sequential([11, 13, 33], [conv2d(19, 3, { padding: 'same', activation: 'relu' })]), 2);
    const strided = conv2d(7, 3, { padding: 'same', strides: 2 });
    checkNetwork(backend, sequential([37, 39, 3], [conv2d(32, 1, { activation: 'relu' }), strided]), 2);
    checkNetwork(backend, sequential([301, 20], [conv1d(3, 5, { padding: 'causal', dilation: 7 })]), 2);
  });
});

it('sees nothing of what comes later where it is causal', async () => {
  const model = await Model.create(sequential([12, 3], [conv1d(5, 3, { padding: 'causal', dilation: 2 })]));
  const x = numbers(36, 1);
  const before = model.predict(x);
  x.fill(100, 21);
  const after = model.predict(x);
  expect(after.subarray(0, 35)).toEqual(before.subarray(0, 35));
  expect(after.subarray(35)).not.toEqual(before.subarray(35));
});

it.each(['int8', 'float16'] as const)('keeps %s weights, with a scale for each filter', async weights => {
  const layers = [conv2d(18, 3, { padding: 'same' }), conv2d(4, 2, { groups: 2 }), conv2d(3, 1), flatten(), dense(2)];
  const model = await Model.create(sequential([5, 4, 3], layers), { seed: 2 });
  const small = await Model.fromBytes((await model.quantize({ weights })).toBytes());
  const values = small.parameters.map(({ name, data }) => [name, data] as const);
  model.setParameters(Object.fromEntries(values));
  const x = numbers(120, 3);
  const want = model.predict(x);
  small.predict(x).forEach((value, i) => {
    expect(Math.abs(value - (want[i] ?? 0))).toBeLessThan(1e-5);
  });
});

it('refuses what it cannot take', () => {
  expect(() => conv2d(0, 3)).toThrow(RangeError);
  expect(() => conv2d(4, [3, 3, 3])).toThrow(TypeError);
  expect(() => conv2d(4, 3, { kernel: 3 } as object)).toThrow(/kernel/);
  expect(() => conv2d(4, 3, { padding: 'causal' as 'same' })).toThrow(/valid/);
  expect(() => conv2d(4, 3, { groups: 3 })).toThrow(/divisor of the filters/);
  expect(() => conv2d(4, 3, { strides: 2, dilation: 2 })).toThrow(/dilation/);
  expect(() => sequential([8, 8, 3], [conv2d(4, 3, { groups: 2 })])).toThrow(/divisor of the 3 channels/);
  expect(() => sequential([4, 8, 3], [conv2d(4, 5)])).toThrow(/at most 4, the input's height, got 5/);
  expect(() => sequential([28, 28], [conv2d(4, 5)])).toThrow(/put reshape/);
  expect(() => sequential([9, 2], [conv1d(4, 5, { dilation: 3 })])).toThrow(/at most 9, the input's steps, got 13/);
});
