import { describe, expect, it } from 'vitest';
import { sequential } from '../../src/architecture.js';
import {
  Architecture,
  conv1d,
  conv2d,
  cropping2d,
  dense,
  Model,
  reshape,
  upSampling2d,
  zeroPadding1d,
  zeroPadding2d,
} from '../../src/entries/node.js';
import { checkNetwork } from '../checkLayer.js';
import { backends } from '../support/binaries.js';

describe.each(backends)('$binary', backend => {
  it('at every number of channels', () => {
    for (const n of [1, 3, 4, 15, 16, 17, 33]) {
      checkNetwork(backend, sequential([3, 4, 2], [dense(n), zeroPadding2d(1)]), 2);
      checkNetwork(
        backend,
        sequential(
          [3, 4, 2],
          [
            dense(n, { activation: 'relu' }),
            cropping2d([
              [1, 0],
              [0, 2],
            ]),
            dense(2),
          ],
        ),
        2,
      );
      checkNetwork(backend, sequential([3, 2], [dense(n), zeroPadding1d([2, 1]), dense(2)]), 2);
      checkNetwork(backend, sequential([2, 3, 2], [dense(n), upSampling2d([2, 3]), dense(2)]), 2);
      checkNetwork(backend, sequential([6 * n], [dense(6 * n), reshape([n, 6]), dense(2), reshape([2 * n])]), 2);
    }
  });

  it('between convolutions', () => {
    const layers = [
      reshape([4, 6, 1]),
      zeroPadding2d([[1, 2], 0]),
      conv2d(5, 3, { activation: 'relu' }),
      cropping2d(1),
      upSampling2d(2),
      reshape([24, 5]),
      zeroPadding1d(1),
      conv1d(3, 3),
    ];
    checkNetwork(backend, sequential([24], layers), 3);
  });
});

it('moves numbers as it says', async () => {
  const padded = await Model.create(
    sequential(
      [1, 2, 1],
      [
        zeroPadding2d([
          [0, 1],
          [2, 0],
        ]),
      ],
    ),
  );
  expect([...padded.predict([[7, 8]])]).toEqual([0, 0, 7, 8, 0, 0, 0, 0]);
  const large = await Model.create(sequential([1, 2, 1], [upSampling2d([2, 1])]));
  expect([...large.predict([[7, 8]])]).toEqual([7, 8, 7, 8]);
});

it('goes through JSON', () => {
  const layers = [
    reshape([2, 2, 1]),
    zeroPadding2d([[1, 0], 2]),
    cropping2d(1),
    upSampling2d(2),
    reshape([4, 4]),
    zeroPadding1d(1),
  ];
  const architecture = sequential(4, layers);
  expect(Architecture.fromJSON(JSON.stringify(architecture))).toEqual(architecture);
});

it('refuses what it cannot take', () => {
  expect(() => zeroPadding2d(-1)).toThrow(RangeError);
  expect(() => zeroPadding2d([1, 2, 3] as never)).toThrow(TypeError);
  expect(() => zeroPadding1d([1] as never)).toThrow(TypeError);
  expect(() => upSampling2d(0)).toThrow(RangeError);
  expect(() => reshape([3]).shape && sequential(4, [reshape([3])])).toThrow(/4 numbers/);
  expect(() => sequential([2, 2, 1], [cropping2d(1)])).toThrow(/something left/);
});
