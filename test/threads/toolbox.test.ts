/**
 * Everything around a training loop on 1, 2 and 3 threads that take part: every optimiser, with the schedules,
 * clipping, penalties, constraints, accumulation, averages, weights and metrics by turns. The bits are the same.
 */
import { createHash } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  batchNormalization,
  cosineDecay,
  cosineRestarts,
  dense,
  dropout,
  exponentialDecay,
  type History,
  type Layer,
  type LearningRate,
  l1,
  l1l2,
  l2,
  lion,
  type Metric,
  type Model,
  maxNorm,
  nadam,
  nonNegative,
  type Optimizer,
  oneCycle,
  piecewise,
  polynomialDecay,
  radam,
  rmsprop,
  rprop,
  sequential,
  sgd,
  stepDecay,
  sum,
  type TrainerOptions,
  unitNorm,
  weighted,
} from '../../src/entries/node.js';
import { labels, numbers } from '../reference/data.js';
import { hostWith, modelOn, watchedThreads } from './hosts.js';

const rates: LearningRate[] = [
  stepDecay({ initial: 0.01, every: 2, factor: 0.5 }),
  piecewise({ values: [0.01, 0.005], boundaries: [2] }),
  exponentialDecay({ initial: 0.01, factor: 0.9 }),
  polynomialDecay({ initial: 0.01, final: 0.001, steps: 5, power: 2 }),
  cosineDecay({ initial: 0.01, steps: 4, warmup: 2 }),
  cosineRestarts({ initial: 0.01, steps: 2 }),
  oneCycle({ peak: 0.01, steps: 8 }),
  step => 0.01 / (1 + step),
];
type Of = (learningRate: LearningRate) => Optimizer;
const optimizers: Of[] = [
  learningRate => sgd({ learningRate }),
  learningRate => sgd({ learningRate, momentum: 0.9, weightDecay: 0.01 }),
  learningRate => sgd({ learningRate, momentum: 0.9, nesterov: true }),
  learningRate => adam({ learningRate }),
  learningRate => adam({ learningRate, amsgrad: true }),
  learningRate => adamW({ learningRate, decayBiasesAndNorms: false }),
  learningRate => nadam({ learningRate }),
  learningRate => radam({ learningRate }),
  learningRate => adamax({ learningRate }),
  learningRate => rmsprop({ learningRate }),
  learningRate => rmsprop({ learningRate, momentum: 0.9, centered: true }),
  learningRate => adagrad({ learningRate }),
  learningRate => adadelta({ learningRate }),
  learningRate => lion({ learningRate }),
  () => rprop({ learningRate: 1e-3 }),
];
const refinements: Partial<TrainerOptions>[] = [
  { clipNorm: 0.05 },
  { clipValue: 1e-3, accumulationSteps: 3 },
  { averageDecay: 0.9, classWeights: 'balanced' },
  { accumulationSteps: 2, averageDecay: 0.99, clipNorm: 0.1, classWeights: [1, 2, 3, 0, 1] },
];
const asked = [
  { weightRegularizer: l1(1e-3), weightConstraint: maxNorm(0.5) },
  { weightRegularizer: l2(1e-2), biasRegularizer: l2(0.1), weightConstraint: unitNorm() },
  { weightRegularizer: l1l2(1e-3, 1e-2), learningRateFactor: 0.5 },
  { weightConstraint: nonNegative() },
];
const metrics: Metric[][] = [
  ['accuracy', 'balancedAccuracy', 'precision', 'recall', 'f1', 'fBeta', 'topKAccuracy'],
  ['rocAuc', 'averagePrecision', 'logLoss', 'brier'],
  ['matthewsCorrelation', 'cohenKappa', 'calibrationError'],
];
const ofNumbers: Metric[] = [
  ...(['meanSquaredError', 'rootMeanSquaredError', 'meanAbsoluteError', 'r2', 'meanAbsolutePercentageError'] as const),
  ...(['medianAbsoluteError', 'explainedVariance', 'maxError', 'quantile'] as const),
];

const threaded = watchedThreads();
const Together = modelOn(hostWith(threaded.host));
afterAll(async () => {
  await (await Together.create(sequential([1], [dense(1)]))).dispose();
});

const rows = 150;
const data = {
  x: numbers(rows * 301, 1),
  y: labels(rows, 5, 2),
  sampleWeights: numbers(rows, 3).map(value => Math.abs(value)),
};

/** The bits of a model's parameters and of what it went through. */
function bitsOf(model: Model, history: History): string {
  const hash = createHash('sha256');
  for (const parameter of model.parameters) hash.update(parameter.data);
  const { seconds: _, samplesPerSecond: __, ...scores } = history;
  return hash.update(JSON.stringify(scores)).digest('hex');
}

/** What comes of two epochs of steps of some ten million multiply-adds. */
async function train(turn: number, threads: number): Promise<string> {
  const at = <T>(list: readonly T[]) => list[turn % list.length] as T;
  const own = at(asked);
  const layers: Layer[] = [
    dense(203, { activation: 'relu', ...own }),
    batchNormalization(),
    dropout(0.2),
    dense(37, own),
    dense(5, { activation: 'softmax' }),
  ];
  const model = await Together.create(sequential(301, layers), { seed: 3 });
  const { sampleWeights: _, ...plain } = data;
  const before = threaded.runs;
  const history = await model.fit(turn % 2 === 0 ? data : plain, {
    loss: 'sparseCategoricalCrossEntropy',
    optimizer: at(optimizers)(at(rates)),
    metrics: at(metrics),
    ...at(refinements),
    batchSize: 24,
    epochs: 2,
    validationSplit: 0.2,
    threads,
  });
  if (threads > 1) expect(threaded.runs).toBeGreaterThan(before);
  return bitsOf(model, history);
}

it.each(Array.from(optimizers.keys()))('turn %i gives the same bits on 1, 2 and 3 threads', async turn => {
  const alone = await train(turn, 1);
  expect(await train(turn, 2)).toBe(alone);
  expect(await train(turn, 3)).toBe(alone);
});

/** The same of full-batch optimisers, which go through all rows in several chunks, for each point of a search. */
async function minimize(optimizer: Optimizer, numeric: boolean, threads: number): Promise<string> {
  const penalty = { weightRegularizer: l2(1e-3), biasRegularizer: l2(1e-3) };
  const activation = numeric ? 'linear' : 'softmax';
  const layers = [dense(203, { activation: 'tanh', ...penalty }), dense(5, { activation, ...penalty })];
  const model = await Together.create(sequential(301, layers), { seed: 3 });
  const before = threaded.runs;
  const history = await model.fit(
    { x: numbers(1100 * 301, 1), y: numeric ? numbers(5500, 2) : labels(1100, 5, 2) },
    {
      loss: numeric ? sum('meanSquaredError', weighted('logCosh', 0.5)) : 'sparseCategoricalCrossEntropy',
      optimizer,
      metrics: numeric ? ofNumbers : ['accuracy', 'f1'],
      ...(!numeric && { classWeights: [1, 2, 3, 0, 1] }),
      epochs: 3,
      validationSplit: 0.1,
      threads,
    },
  );
  if (threads > 1) expect(threaded.runs).toBeGreaterThan(before);
  return bitsOf(model, history);
}

it.each<[Optimizer, boolean]>([
  ['lbfgs', false],
  ['conjugateGradient', true],
])('%s gives the same bits on 1, 2 and 3 threads', async (optimizer, numeric) => {
  const alone = await minimize(optimizer, numeric, 1);
  expect(await minimize(optimizer, numeric, 2)).toBe(alone);
  expect(await minimize(optimizer, numeric, 3)).toBe(alone);
});
