/** Networks of any size against the float64 reference: predictions, cost, accuracy, scores and every gradient. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { regressionScores } from '../../src/data/scores.js';
import {
  binaryCrossEntropy,
  dense,
  focal,
  huber,
  type Loss,
  Model,
  quantile,
  sequential,
  sparseCategoricalCrossEntropy,
} from '../../src/entries/node.js';
import { scoreNumbers } from '../../src/metrics/index.js';
import * as activations from '../reference/activations.js';
import { labels, numbers } from '../reference/data.js';
import { differences, expectClose } from '../reference/golden.js';
import * as losses from '../reference/losses.js';
import { gradients, type Layer, predict } from '../reference/network.js';

const { at, elementwise, total } = activations;

const hidden = {
  linear: activations.linear,
  selu: activations.selu,
  gelu: activations.geluErf,
  silu: activations.silu,
  mish: activations.mish,
  softplus: activations.softplus,
  softsign: activations.softsign,
  tanh: activations.tanh,
  sigmoid: activations.sigmoid,
  exponential: activations.exponential,
};

/** A cost with its reference, the activation it ends with, and how its targets are drawn. */
interface Ending {
  loss: Loss;
  reference: losses.Loss;
  last: 'linear' | 'softmax' | 'sigmoid' | 'softplus';
  targets: 'classes' | 'probabilities' | 'signs' | 'numbers';
}
const sparse = losses.sparseCategoricalCrossEntropy;
const endings: Ending[] = [
  { loss: 'meanSquaredError', reference: losses.meanSquaredError, last: 'linear', targets: 'numbers' },
  { loss: 'meanSquaredError', reference: losses.meanSquaredError, last: 'softmax', targets: 'numbers' },
  { loss: huber({ delta: 0.4 }), reference: losses.huber(0.4), last: 'sigmoid', targets: 'numbers' },
  { loss: 'logCosh', reference: losses.logCosh, last: 'linear', targets: 'numbers' },
  { loss: 'hinge', reference: losses.hinge, last: 'linear', targets: 'signs' },
  { loss: 'squaredHinge', reference: losses.squaredHinge, last: 'linear', targets: 'signs' },
  { loss: 'categoricalHinge', reference: losses.categoricalHinge, last: 'linear', targets: 'probabilities' },
  { loss: quantile({ quantile: 0.8 }), reference: losses.quantile(0.8), last: 'linear', targets: 'numbers' },
  { loss: 'poisson', reference: losses.poisson, last: 'softplus', targets: 'probabilities' },
  {
    loss: focal({ gamma: 3, alpha: 0.3, fromLogits: true }),
    reference: losses.focal(3, 0.3),
    last: 'linear',
    targets: 'probabilities',
  },
  {
    loss: binaryCrossEntropy({ labelSmoothing: 0.3, fromLogits: true }),
    reference: losses.smoothedBinaryCrossEntropy(0.3),
    last: 'linear',
    targets: 'probabilities',
  },
  { loss: 'cosineSimilarity', reference: losses.cosineSimilarity, last: 'linear', targets: 'numbers' },
  { loss: 'klDivergence', reference: losses.klDivergence, last: 'softmax', targets: 'probabilities' },
  { loss: 'binaryCrossEntropy', reference: losses.binaryCrossEntropy, last: 'sigmoid', targets: 'probabilities' },
  {
    loss: binaryCrossEntropy({ fromLogits: true }),
    reference: losses.binaryCrossEntropyFromLogits,
    last: 'linear',
    targets: 'probabilities',
  },
  {
    loss: 'categoricalCrossEntropy',
    reference: losses.categoricalCrossEntropy(),
    last: 'softmax',
    targets: 'probabilities',
  },
  { loss: 'sparseCategoricalCrossEntropy', reference: sparse(), last: 'softmax', targets: 'classes' },
  {
    loss: sparseCategoricalCrossEntropy({ labelSmoothing: 0.2 }),
    reference: sparse(0.2),
    last: 'softmax',
    targets: 'classes',
  },
];

const lastActivations = {
  linear: elementwise(activations.linear),
  sigmoid: elementwise(activations.sigmoid),
  softplus: elementwise(activations.softplus),
  softmax: activations.softmax,
};

function drawTargets(kind: Ending['targets'], rows: number, columns: number, seed: number): Int32Array | Float32Array {
  if (kind === 'classes') return labels(rows, columns, seed);
  const drawn = numbers(rows * columns, seed);
  if (kind === 'signs') return drawn.map(v => (v < 0 ? -1 : 1));
  return kind === 'probabilities' ? drawn.map(v => (v + 1) / 2) : drawn;
}

const size = fc.oneof(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 18, max: 70 }));
const nets = fc.record({
  rows: size,
  inputs: size,
  units: size,
  outputs: fc.oneof(fc.integer({ min: 2, max: 17 }), fc.integer({ min: 18, max: 40 })),
  hidden: fc.constantFrom(...(Object.keys(hidden) as (keyof typeof hidden)[])),
  ending: fc.constantFrom(...endings),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

/**
 * Whether rounding the weights to float32 leaves the float64 gradients where they are. Where it does not (a prediction
 * close to 0 under cosineSimilarity divides by its length), no float32 arithmetic is close to them.
 */
function isWellConditioned(layers: Layer[], x: Float32Array, y: ArrayLike<number>, loss: losses.Loss): boolean {
  const nudged = (values: Float64Array) => values.map((v, i) => v * (1 + (i % 2 === 0 ? 1 : -1) * 2 ** -23));
  const [before, after] = [layers, layers.map(l => ({ ...l, weight: nudged(l.weight), bias: nudged(l.bias) }))].map(l =>
    gradients(l, Float64Array.from(x), Float64Array.from(y), loss),
  );
  return (before?.gradients ?? []).every(
    (gradient, i) => differences(after?.gradients[i] ?? [], gradient, 1e-6).length === 0,
  );
}

it('predictions, cost and every gradient are those of float64, whatever the sizes', async () => {
  await fc.assert(
    fc.asyncProperty(nets, async ({ rows, inputs, units, outputs, hidden: name, ending, seed }) => {
      const architecture = sequential(
        [inputs],
        [
          dense(units, { activation: name, biasInitializer: 'randomNormal' }),
          dense(outputs, { activation: ending.last, biasInitializer: 'randomNormal' }),
        ],
      );
      const model = await Model.create(architecture, { seed });
      const [w0 = new Float64Array(), b0 = new Float64Array(), w1 = new Float64Array(), b1 = new Float64Array()] =
        model.parameters.map(p => Float64Array.from(p.data));
      const layers: Layer[] = [
        { inputs, outputs: units, weight: w0, bias: b0, activation: elementwise(hidden[name]) },
        { inputs: units, outputs, weight: w1, bias: b1, activation: lastActivations[ending.last] },
      ];
      const x = numbers(rows * inputs, seed);
      const y = drawTargets(ending.targets, rows, outputs, seed + 1);
      const want = gradients(layers, Float64Array.from(x), Float64Array.from(y), ending.reference);
      fc.pre(isWellConditioned(layers, x, y, ending.reference));

      expectClose(model.predict(x), predict(layers, Float64Array.from(x)), 1e-5, 'predict');
      const got = model.gradients(x, y, { loss: ending.loss });
      expectClose([got.cost], [want.cost], 1e-5, 'cost');
      const names = model.parameters.map(p => p.name);
      want.gradients.forEach((gradient, i) => {
        expectClose(got.gradients[names[i] ?? ''] ?? [], gradient, 1e-5, names[i]);
      });
    }),
    { numRuns: 150 },
  );
});

it('more rows than predict takes at once', async () => {
  const [rows, inputs, outputs] = [1037, 9, 5];
  const model = await Model.create(sequential([inputs], [dense(outputs, { activation: 'softmax' })]), { seed: 1 });
  const [weight = new Float64Array(), bias = new Float64Array()] = model.parameters.map(p => Float64Array.from(p.data));
  const layers: Layer[] = [{ inputs, outputs, weight, bias, activation: activations.softmax }];
  const x = numbers(rows * inputs, 1);
  const y = labels(rows, outputs, 2);
  const want = gradients(layers, Float64Array.from(x), Float64Array.from(y), sparse());
  const p = predict(layers, Float64Array.from(x));
  expectClose(model.predict(x), p, 1e-6, 'predict');
  expectClose(model.forward(x).output, p, 1e-6, 'forward');
  const { cost, gradients: got } = model.gradients(x, y, { loss: 'sparseCategoricalCrossEntropy' });
  expectClose([cost, model.cost(x, y, { loss: 'sparseCategoricalCrossEntropy' })], [want.cost, want.cost], 1e-6);
  expectClose(got['0.dense.weight'] ?? [], want.gradients[0] ?? [], 1e-6, 'weight');
  for (const row of [0, 255, 256, 257, 1036]) {
    const alone = model.predict(x.slice(row * inputs, (row + 1) * inputs));
    expect(alone).toEqual(model.predict(x).slice(row * outputs, (row + 1) * outputs));
  }
});

it('scores of a regression and accuracy of yes and no', async () => {
  const [rows, inputs] = [23, 4];
  const x = numbers(rows * inputs, 1);
  const regressor = await Model.create(sequential([inputs], [dense(1)]), { seed: 1 });
  const y = numbers(rows, 2);
  const p = Float64Array.from(regressor.predict(x));
  const errors = p.map((v, i) => v - at(y, i));
  const mean = total(y) / rows;
  const squares = total(errors.map(e => e * e));
  const found = regressor.evaluate(
    { x, y },
    { loss: 'meanSquaredError', metrics: ['meanSquaredError', 'rootMeanSquaredError', 'meanAbsoluteError', 'r2'] },
  );
  const variance = total(Float64Array.from(y, v => (v - mean) ** 2));
  const want = [squares / rows, squares / rows, Math.sqrt(squares / rows), total(errors.map(Math.abs)) / rows];
  expectClose(
    [
      found.loss,
      found.meanSquaredError ?? Number.NaN,
      found.rootMeanSquaredError ?? Number.NaN,
      found.meanAbsoluteError ?? Number.NaN,
      found.r2 ?? Number.NaN,
    ],
    [...want, 1 - squares / variance],
    1e-6,
  );

  const binary = await Model.create(sequential([inputs], [dense(1, { activation: 'sigmoid' })]), { seed: 1 });
  const answers = labels(rows, 2, 3);
  const hits = Array.from(binary.predict(x)).filter((q, i) => q > 0.5 === (at(answers, i) === 1)).length;
  const { accuracy } = binary.evaluate({ x, y: answers }, { loss: 'binaryCrossEntropy', metrics: ['accuracy'] });
  expectClose([accuracy ?? Number.NaN], [hits / rows], 1e-9);
});

it('a saved model loads as the same model', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'myelin-'));
  try {
    const path = join(folder, 'model.safetensors');
    const model = await Model.create(sequential([3], [dense(4, { activation: 'mish' }), dense(2)]), { seed: 5 });
    await model.save(path);
    const again = await Model.load(path);
    expect(again.toBytes()).toEqual(model.toBytes());
    expect(again.predict([[1, 2, 3]])).toEqual(model.predict([[1, 2, 3]]));
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each([0.1, 1e-30, -3.3, 1e8])(
  'r2 of targets that are all %d is 1 where all are met and 0 otherwise, as the command line says',
  value => {
    for (const rows of [1, 3, 7, 10]) {
      const constant = new Float32Array(rows).fill(value);
      const off = constant.map((v, row) => (row === 0 ? 2 * v : v));
      expect(scoreNumbers(['r2'], constant, constant, 1)).toEqual({ r2: 1 });
      expect(scoreNumbers(['r2'], off, constant, 1)).toEqual({ r2: 0 });
      expect(regressionScores(constant, constant).r2).toBe(1);
      expect(regressionScores(constant, off).r2).toBe(0);
    }
  },
);
