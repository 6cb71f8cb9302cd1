/** Networks of images and sequences that people know by name, as they are trained at this size. */
import {
  activation,
  add,
  batchNormalization,
  conv1d,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  type GraphNode,
  globalAveragePool1d,
  globalAveragePool2d,
  graph,
  gru,
  layerNormalization,
  lstm,
  maxPool1d,
  maxPool2d,
  multiHeadAttention,
  positionEmbedding,
  sequential,
} from '../entries/inside.js';
import type { Network } from './networks.js';

const relu = { activation: 'relu' } as const;
const same = { padding: 'same' } as const;
const classes = (units: number) => dense(units, { activation: 'softmax' });
const activated = [batchNormalization(), activation('relu')];

/** A depthwise convolution and one of single pixels, each with batch norm. */
const separable = [depthwiseConv2d(3, same), ...activated, conv2d(64, 1), ...activated];

/** Two convolutions with what goes around them, which one of single pixels fits to them where they halve the image. */
function residual(x: GraphNode, filters: number, strides: number): GraphNode {
  const inside = x
    .to(conv2d(filters, 3, { ...same, strides }))
    .to(batchNormalization())
    .to(activation('relu'))
    .to(conv2d(filters, 3, same))
    .to(batchNormalization());
  const around = strides === 1 ? x : x.to(conv2d(filters, 1, { ...same, strides }));
  return add(inside, around).to(activation('relu'));
}

/** Attention and two layers for each position, each normalised before and added to what it is of. */
function attentive(x: GraphNode): GraphNode {
  const seen = add(x, x.to(layerNormalization()).to(multiHeadAttention(4, 16)));
  const inner = seen.to(layerNormalization()).to(dense(256, { activation: 'gelu' }));
  return add(seen, inner.to(dense(64)));
}

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
  /** He et al. 2016, in the size of Banbury et al. 2021, «MLPerf Tiny»: pictures of 32 × 32 in colour. */
  'resnet-8': () =>
    graph([32, 32, 3], x => {
      const start = x
        .to(conv2d(16, 3, same))
        .to(batchNormalization())
        .to(activation('relu'));
      const end = residual(residual(residual(start, 16, 1), 32, 2), 64, 2);
      return end.to(globalAveragePool2d()).to(classes(10));
    }),
  lstm: () => sequential([100, 1], [lstm(64), classes(10)]),
  gru: () => sequential([100, 1], [gru(64), classes(10)]),
  /** Vaswani et al. 2017, the half that reads, normalised before: two layers over 64 positions of 64 numbers. */
  transformer: () =>
    graph([64, 64], x => {
      const end = attentive(attentive(x.to(positionEmbedding(64)))).to(layerNormalization());
      return end.to(globalAveragePool1d()).to(classes(10));
    }),
};

export type NetworkName = keyof typeof makers;

export const namedNetworks = Object.keys(makers) as readonly NetworkName[];

export function namedNetwork(name: NetworkName): Network {
  return { name, architecture: makers[name]() };
}
