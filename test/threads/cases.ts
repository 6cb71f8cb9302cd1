/**
 * Networks to train on threads: every activation, loss and optimiser, odd sizes, and the shapes that are hard to share
 * out.
 */

import { indexRule, inputsOf } from '../../src/architecture.js';
import {
  type Architecture,
  activation,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  add,
  alphaDropout,
  average,
  averagePool2d,
  batchNormalization,
  bidirectional,
  concatenate,
  conv1d,
  conv2d,
  conv2dTranspose,
  cutout,
  dense,
  depthwiseConv2d,
  dropout,
  embedding,
  embeddingBag,
  flatten,
  gaussianNoise,
  globalAveragePool1d,
  graph,
  groupNormalization,
  gru,
  type Layer,
  type Loss,
  layerNormalization,
  lion,
  lstm,
  maximum,
  maxPool2d,
  multiply,
  nadam,
  normalization,
  type Optimizer,
  radam,
  randomBrightness,
  randomCrop,
  randomFlip,
  randomRotation,
  randomTranslation,
  reshape,
  rmsNormalization,
  rmsprop,
  rprop,
  separableConv2d,
  sequential,
  sgd,
  shared,
  slice,
  subtract,
  upSampling2d,
  zeroPadding2d,
} from '../../src/entries/node.js';
import { fitGoals, type OutputGoal, readAllTargets, resolveGoals } from '../../src/goals.js';
import { Inputs } from '../../src/inputs.js';
import { type ActivationName, activationNames } from '../../src/layers/activations.js';
import { type LossName, lossNames } from '../../src/losses/index.js';
import type { FittedLoss } from '../../src/losses/loss.js';
import type { ByName } from '../../src/names.js';
import { Outputs } from '../../src/outputs.js';
import { size } from '../../src/shape.js';
import { labels, numbers } from '../reference/data.js';

export interface Case {
  readonly name: string;
  readonly inputs: readonly number[];
  readonly layers: readonly Layer[];
  /** In place of inputs and layers, a network that is no chain. */
  readonly graph?: Architecture;
  readonly loss: ByName<Loss>;
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
    ...classifier,
    name: 'steps, there and back',
    inputs: [9, 5],
    layers: [bidirectional(lstm(16, { returnSequences: true })), gru(19), end],
  },
  {
    ...classifier,
    name: 'steps, backwards',
    inputs: [9, 5],
    layers: [gru(13, { returnSequences: true, goBackwards: true, resetAfter: false }), lstm(32), end],
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
    name: 'convolutions',
    inputs: [9, 8, 2],
    layers: [
      conv2d(18, 3, { padding: 'same', activation: 'relu' }),
      maxPool2d(2, { padding: 'same' }),
      depthwiseConv2d(3, { padding: 'same', activation: 'relu' }),
      conv2d(6, 3, { groups: 2, activation: 'tanh' }),
      upSampling2d(2),
      depthwiseConv2d(3, { strides: 2, depthMultiplier: 3 }),
      batchNormalization(),
      flatten(),
      end,
    ],
  },
  {
    ...classifier,
    name: 'the other way round, and along steps',
    inputs: [24],
    layers: [
      reshape([2, 3, 4]),
      conv2dTranspose(17, 3, { strides: 2, activation: 'relu' }),
      zeroPadding2d([
        [0, 1],
        [1, 0],
      ]),
      separableConv2d(20, 2, { activation: 'relu' }),
      averagePool2d(2),
      reshape([6, 20]),
      conv1d(9, 2, { padding: 'causal', activation: 'relu' }),
      globalAveragePool1d(),
      end,
    ],
  },
  {
    ...classifier,
    name: 'noise of all kinds',
    layers: [gaussianNoise(0.1), hidden(99, 'selu'), alphaDropout(0.2), hidden(37, 'selu'), gaussianNoise(1), end],
  },
  {
    ...classifier,
    name: 'images changed at random',
    inputs: [7, 6, 2],
    layers: [
      randomTranslation(0.2, 0.1),
      randomRotation(0.1, { fillMode: 'constant' }),
      randomFlip(),
      randomBrightness(0.1, { valueRange: [-1, 1] }),
      cutout(2),
      randomCrop(6, 5),
      conv2d(18, 3, { activation: 'relu' }),
      flatten(),
      end,
    ],
  },
];

/** Of few channels and many positions: what lies in one panel is to be shared out too. */
export const residual = graph([7, 5, 3], x => {
  const start = x
    .to(conv2d(16, 3, { padding: 'same' }))
    .to(batchNormalization())
    .to(activation('tanh'));
  const inside = start
    .to(conv2d(16, 3, { padding: 'same' }))
    .to(batchNormalization())
    .to(activation('elu'));
  const both = add(start, inside, multiply(start, inside)).to(groupNormalization(4)).to(activation('leakyRelu'));
  return both.to(flatten()).to(end);
});

/** Networks that are no chains; their ends are in the graph. */
const graphs: readonly (Omit<Case, 'inputs' | 'layers'> & { readonly graph: Architecture })[] = [
  {
    ...common,
    loss: 'sparseCategoricalCrossEntropy',
    name: 'branches and merges',
    graph: graph(45, x => {
      const h = x.to(hidden(61));
      const wide = concatenate(h.to(hidden(30, 'tanh')), h.to(batchNormalization()), x);
      const side = slice(wide, { start: 17, end: 78 }).to(dropout(0.2));
      const merged = add(h, side, multiply(h, wide.to(dense(61, { activation: 'sigmoid' }))));
      return maximum(merged, average(h, merged), subtract(h, side)).to(end);
    }),
  },
  {
    ...common,
    loss: 'sparseCategoricalCrossEntropy',
    name: 'residual blocks of an image',
    graph: residual,
  },
  {
    ...common,
    loss: 'sparseCategoricalCrossEntropy',
    name: 'shared layers',
    graph: graph(45, x => {
      const [wide, norm] = [shared(hidden(53)), shared(layerNormalization())];
      const h = x.to(wide);
      const back = h.to(norm).to(dense(45)).to(wide).to(norm);
      return add(h, back).to(end);
    }),
  },
  {
    ...common,
    name: 'several inputs and outputs',
    loss: { kind: 'sparseCategoricalCrossEntropy', size: 'huber', signs: 'binaryCrossEntropy' },
    graph: graph({ table: [5], numbers: 45 }, inputs => {
      const looked = inputs.table.to(embedding(203, 17)).to(flatten());
      const h = concatenate(inputs.numbers, looked).to(hidden(67)).to(dropout(0.1));
      return {
        kind: h.to(end),
        size: h.to(hidden(35)).to(dense(19)),
        signs: inputs.numbers.to(dense(5, { activation: 'sigmoid' })),
      };
    }),
  },
];

export const graphCases: readonly Case[] = graphs.map(each => ({ ...each, inputs: [], layers: [] }));

export const allCases: readonly Case[] = [...cases, ...graphCases];

export const architectureOf = ({ graph, inputs, layers }: Case): Architecture => {
  return graph ?? sequential([...inputs], [...layers]);
};

/** What is asked of each output: the case's loss, and accuracy where there is any. */
export function goalsOf(each: Case): OutputGoal[] {
  const architecture = architectureOf(each);
  const config = resolveGoals('test', { loss: each.loss }, new Outputs(architecture).names);
  return fitGoals('test', architecture, config).map(goal => ({ ...goal, accuracy: goal.loss.accuracy !== undefined }));
}

/** The metrics of {@link goalsOf}, as users ask for them. */
export function metricsOf(each: Case): ByName<readonly 'accuracy'[]> {
  const lists = goalsOf(each).map(({ name, accuracy }) => [name, accuracy ? (['accuracy'] as const) : []] as const);
  const [first] = lists;
  return first?.[0] === undefined ? (first?.[1] ?? []) : Object.fromEntries(lists);
}

/** Random samples with targets that the loss takes. */
export function dataOf(each: Case, rows: number, seed: number): { x: ByName<Float32Array>; y: ByName<Target> } {
  const architecture = architectureOf(each);
  const inputs = inputsOf(architecture).map(({ key, name, shape }, index) => {
    const rule = indexRule(architecture, key);
    const values = numbers(rows * size(shape), seed + 2 * index).map(value => {
      return rule ? Math.floor(Math.abs(value) * 1e4) % rule.vocabulary : value;
    });
    return [name, values] as const;
  });
  const targets = goalsOf(each).map(
    ({ name, loss }, index) => [name, targetOf(loss, rows, seed + 2 * index + 1)] as const,
  );
  return { x: byName(inputs), y: byName(targets) };
}

type Target = Int32Array | Float32Array;

function byName<T>(ends: readonly (readonly [name: string | undefined, value: T])[]): ByName<T> {
  const [first] = ends;
  return first?.[0] === undefined ? (first?.[1] as T) : Object.fromEntries(ends);
}

function targetOf({ target }: FittedLoss, rows: number, seed: number): Target {
  if (target.kind === 'labels') return labels(rows, target.classes, seed);
  const y = numbers(rows * target.columns, seed);
  if (target.range === 'any') return y;
  if (target.range === 'sign') return y.map(value => (value < 0 ? -1 : 1));
  return y.map(value => Math.abs(value) / target.columns);
}

/** The same as rows of all inputs and of all outputs, as the machine reads them. */
export function rowsOf(each: Case, rows: number, seed: number): { x: Float32Array; y: Target } {
  const { x, y } = dataOf(each, rows, seed);
  const { values } = new Inputs(architectureOf(each)).readAlone('test', x);
  return { x: values as Float32Array, y: readAllTargets('test', y, rows, goalsOf(each)) };
}

/** Predictions as arrays, one for each output. */
export function arraysOf(predictions: ByName<Float32Array>): Float32Array[] {
  return predictions instanceof Float32Array ? [predictions] : Object.values(predictions);
}
