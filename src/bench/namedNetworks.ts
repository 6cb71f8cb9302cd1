/** Networks of images and sequences that people know by name, as they are trained at this size. */
import {
  activation,
  batchNormalization,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  globalAveragePool2d,
  gru,
  lstm,
  maxPool1d,
  maxPool2d,
  sequential,
} from '../entries/inside.js';
import type { Network } from './networks.js';

const relu = { activation: 'relu' } as const;
const same = { padding: 'same' } as const;
const classes = (units: number) => dense(units, { activation: 'softmax' });
const activated = [batchNormalization(), activation('relu')];

/** A depthwise convolution and one of single pixels, each with batch norm. */
const separable = [depthwiseConv2d(3, same), ...activated, conv2d(64, 1), ...activated];

const makers = {
  /** LeCun et al. 1998, with rectifiers and largest numbers, as it is taught today. */
  'lenet-5': () =>
    sequential(
      [28, 28, 1],
      [
        conv2d(6, 5, { ...same, ...relu }),
        maxPool2d(2),
        conv2d(16, 5, relu),
        maxPool2d(2),
        flatten(),
        dense(120, relu),
        dense(84, relu),
        classes(10),
      ],
    ),
  /** Zhang et al. 2017, «Hello Edge»: keywords in 49 frames of 10 coefficients. */
  'ds-cnn': () =>
    sequential(
      [49, 10, 1],
      [
        conv2d(64, [10, 4], { ...same, strides: 2 }),
        ...activated,
        ...separable,
        ...separable,
        ...separable,
        ...separable,
        globalAveragePool2d(),
        classes(12),
      ],
    ),
  /** Activities from 128 readings of nine sensors. */
  har: () =>
    sequential(
      [128, 9],
      [conv1d(64, 3, relu), conv1d(64, 3, relu), maxPool1d(2), flatten(), dense(100, relu), classes(6)],
    ),
  lstm: () => sequential([100, 1], [lstm(64), classes(10)]),
  gru: () => sequential([100, 1], [gru(64), classes(10)]),
};

export type NetworkName = keyof typeof makers;

export const namedNetworks = Object.keys(makers) as readonly NetworkName[];

export function namedNetwork(name: NetworkName): Network {
  return { name, architecture: makers[name]() };
}
