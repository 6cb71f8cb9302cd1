/** Networks to train on threads: every activation, loss and optimiser, odd sizes, and the shapes that are hard to share out. */

import { indexRule } from '../../src/architecture.js';
import {
  type Architecture,
  activation,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  alphaDropout,
  batchNormalization,
  dense,
  dropout,
  embedding,
  embeddingBag,
  flatten,
  gaussianNoise,
  type Layer,
  type Loss,
  layerNormalization,
  lion,
  nadam,
  normalization,
  type Optimizer,
  radam,
  rmsNormalization,
  rmsprop,
  rprop,
  sequential,
  sgd,
} from '../../src/entries/node.js';
import { type ActivationName, activationNames } from '../../src/layers/activations.js';
import { fitLoss, type LossName, lossNames, resolveLoss } from '../../src/losses/index.js';
import { size } from '../../src/shape.js';
import { endingOf } from '../../src/training.js';
import { labels, numbers } from '../reference/data.js';

export interface Case {
  readonly name: string;
  readonly inputs: readonly number[];
  readonly layers: readonly Layer[];
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  readonly rows: number;
}

/** Large enough to be shared out, small enough to be quick; no size is a multiple of a tile or of the threads. */
const common = { inputs: [45], batchSize: 32, rows: 7 * 32 + 5, optimizer: adam({ learningRate: 3e-3 }) };
const classifier = { ...common, loss: 'sparseCategoricalCrossEntropy' } as const;
const end = dense(7, { activation: 'softmax' });

const optimizers: readonly (readonly [string, Optimizer])[] = [
  ['sgd', sgd({ learningRate: 0.05 })],
  ['sgd with decay', sgd({ learningRate: 0.05, weightDecay: 1e-2 })],
  ['momentum', sgd({ learningRate: 0.05, momentum: 0.9 })],
  ['nesterov', sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 })],
  ['adam', adam()],
  ['adam with decay', adam({ weightDecay: 1e-2 })],
  ['adamW', adamW()],
];

/** How a network ends that goes with a loss. */
function endFor(loss: string): ActivationName {
  if (loss === 'binaryCrossEntropy' || loss === 'focal') return 'sigmoid';
  if (loss === 'poisson') return 'softplus';
  if (loss === 'hinge') return 'tanh';
  return /CrossEntropy|kl/.test(loss) ? 'softmax' : 'linear';
}

const hidden = (width: number, kind: ActivationName = 'relu') => dense(width, { activation: kind });

const laterOptimizers: readonly (readonly [string, Optimizer])[] = [
  ['amsgrad', adam({ amsgrad: true })],
  ['nadam', nadam()],
  ['radam', radam()],
  ['adamax', adamax()],
  ['rmsprop', rmsprop()],
  ['rmsprop, centered, with momentum', rmsprop({ momentum: 0.9, centered: true })],
  ['adagrad', adagrad()],
  ['adadelta', adadelta()],
  ['rprop', rprop({ learningRate: 1e-3 })],
  ['lion', lion()],
];

const optimizerCase = ([name, optimizer]: readonly [string, Optimizer]): Case => ({
  ...classifier,
  name: `optimizer ${name}`,
  optimizer,
  layers: [hidden(61), dropout(0.3), hidden(35, 'tanh'), end],
});

const lossCase = (loss: LossName): Case => ({
  ...common,
  name: `loss ${loss}`,
  loss,
  layers: [hidden(51, 'silu'), dropout(0.1), hidden(37), dense(21, { activation: endFor(loss) })],
});

/** Those that version 0.1.0 could train. */
export const firstCases: readonly Case[] = [
  ...optimizers.map(optimizerCase),
  ...activationNames.map(name => ({
    ...classifier,
    name: `activation ${name}`,
    layers: [hidden(53, name), hidden(39, 'tanh'), activation(name), end],
  })),
  ...lossNames.slice(0, 10).map(lossCase),
  { ...classifier, name: 'one layer', inputs: [613], layers: [end] },
  { ...classifier, name: 'one layer, many outputs', inputs: [43], layers: [dense(181, { activation: 'softmax' })] },
  { ...classifier, name: 'wide first', inputs: [409], layers: [hidden(30), dense(9, { activation: 'softmax' })] },
  { ...classifier, name: 'narrow first', inputs: [3], layers: [hidden(11), hidden(305), end] },
  { ...classifier, name: 'wide at first and after', inputs: [99], layers: [hidden(130), hidden(131), end] },
  {
    ...classifier,
    name: 'fewer rows than threads',
    inputs: [301],
    batchSize: 3,
    rows: 22,
    layers: [hidden(203), hidden(101), end],
  },
  { ...classifier, name: 'one row', inputs: [401], batchSize: 1, rows: 5, layers: [hidden(403), hidden(301), end] },
  {
    ...classifier,
    name: 'without biases',
    layers: [dense(77, { useBias: false, activation: 'elu' }), dense(7, { useBias: false, activation: 'softmax' })],
  },
  {
    ...classifier,
    name: 'dropout first and twice',
    layers: [dropout(0.2), hidden(99), dropout(0.5), dropout(0.5), end],
  },
  {
    ...classifier,
    name: 'an activation first',
    layers: [activation('tanh'), hidden(99, 'linear'), activation('softmax'), end],
  },
  { ...classifier, name: 'flattened', inputs: [5, 3, 3], layers: [flatten(), hidden(99), end] },
  { ...classifier, name: 'five layers', layers: [hidden(33), hidden(47, 'gelu'), hidden(18), hidden(65, 'mish'), end] },
];

export const cases: readonly Case[] = [
  ...firstCases,
  ...lossNames.slice(10).map(lossCase),
  ...laterOptimizers.map(optimizerCase),
  {
    ...classifier,
    name: 'each row normalised',
    layers: [layerNormalization(), hidden(99), layerNormalization(), hidden(37), rmsNormalization(), end],
  },
  {
    ...classifier,
    name: 'columns normalised',
    layers: [normalization(), hidden(99), batchNormalization({ momentum: 0.8 }), hidden(37), batchNormalization(), end],
  },
  {
    ...common,
    name: 'targets normalised',
    loss: 'meanSquaredError',
    layers: [batchNormalization(), hidden(99, 'tanh'), dense(5), normalization({ invert: true })],
  },
  {
    ...classifier,
    name: 'layers that do not learn',
    layers: [dense(61, { trainable: false }), hidden(99), dense(35, { trainable: false }), batchNormalization(), end],
  },
  {
    ...classifier,
    name: 'rows of a table',
    inputs: [5],
    layers: [embedding(203, 33), flatten(), hidden(99), end],
  },
  {
    ...classifier,
    name: 'bags of rows of a table',
    inputs: [19],
    layers: [embeddingBag(67, 130, { pad: 3 }), hidden(99), end],
  },
  {
    ...classifier,
    name: 'noise of all kinds',
    layers: [gaussianNoise(0.1), hidden(99, 'selu'), alphaDropout(0.2), hidden(37, 'selu'), gaussianNoise(1), end],
  },
];

export const architectureOf = ({ inputs, layers }: Case): Architecture => sequential([...inputs], [...layers]);

/** The loss fitted to the case's end. */
export function fittedLoss(each: Case) {
  return fitLoss(resolveLoss('test', each.loss), endingOf(architectureOf(each)));
}

/** Random samples with targets that the loss takes. */
export function dataOf(each: Case, rows: number, seed: number): { x: Float32Array; y: Int32Array | Float32Array } {
  const rule = indexRule(architectureOf(each), 'input');
  const x = numbers(rows * size(each.inputs), seed).map(value => {
    return rule ? Math.floor(Math.abs(value) * 1e4) % rule.vocabulary : value;
  });
  const { target } = fittedLoss(each);
  if (target.kind === 'labels') return { x, y: labels(rows, target.classes, seed + 1) };
  const y = numbers(rows * target.columns, seed + 1);
  if (target.range === 'any') return { x, y };
  if (target.range === 'sign') return { x, y: y.map(value => (value < 0 ? -1 : 1)) };
  return { x, y: y.map(value => Math.abs(value) / target.columns) };
}
