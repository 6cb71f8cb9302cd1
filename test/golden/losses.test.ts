/** Every cost against PyTorch's float64 values, through the public API alone. */
import { describe, expect, it } from 'vitest';
import {
  type Architecture,
  activation,
  binaryCrossEntropy,
  categoricalCrossEntropy,
  dense,
  huber,
  type Loss,
  Model,
  sequential,
  sparseCategoricalCrossEntropy,
} from '../../src/entries/node.js';
import { at, softmax } from '../reference/activations.js';
import { expectClose, type GoldenLoss, goldenLosses } from '../reference/golden.js';

const golden = goldenLosses();
const tolerance = 1e-6;

/** Every golden cost has 6 rows and 5 columns. */
const [rows, columns] = [6, 5];

/** Six rows, each with one 1: what `x · w` makes of them is `w`, and the gradient of `w` is that of the prediction. */
const identity = Float32Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) === 0 ? 1 : 0));

/** A net whose prediction, before the last activation, is its weight itself. */
const linear = sequential([rows], [dense(columns, { useBias: false })]);
const withSoftmax = sequential([rows], [dense(columns, { useBias: false, activation: 'softmax' })]);
const withSoftmaxLayer = sequential([rows], [dense(columns, { useBias: false }), activation('softmax')]);
const withSigmoid = sequential([rows], [dense(columns, { useBias: false, activation: 'sigmoid' })]);
const withSigmoidLayer = sequential([rows], [dense(columns, { useBias: false }), activation('sigmoid')]);

type Case = [architecture: Architecture, loss: Loss];

const cases: Record<string, Case[]> = {
  meanSquaredError: [[linear, 'meanSquaredError']],
  meanAbsoluteError: [[linear, 'meanAbsoluteError']],
  'huber(1)': [
    [linear, huber({ delta: 1 })],
    [linear, 'huber'],
  ],
  logCosh: [[linear, 'logCosh']],
  'sparseCategoricalCrossEntropy from logits': [
    [linear, sparseCategoricalCrossEntropy({ fromLogits: true })],
    [withSoftmax, 'sparseCategoricalCrossEntropy'],
    [withSoftmaxLayer, 'sparseCategoricalCrossEntropy'],
  ],
  'categoricalCrossEntropy from logits, soft targets': [
    [linear, categoricalCrossEntropy({ fromLogits: true })],
    [withSoftmax, 'categoricalCrossEntropy'],
    [withSoftmaxLayer, 'categoricalCrossEntropy'],
  ],
  'sparseCategoricalCrossEntropy from logits, labelSmoothing 0.1': [
    [linear, sparseCategoricalCrossEntropy({ fromLogits: true, labelSmoothing: 0.1 })],
    [withSoftmax, sparseCategoricalCrossEntropy({ labelSmoothing: 0.1 })],
  ],
  'binaryCrossEntropy from logits': [
    [linear, binaryCrossEntropy({ fromLogits: true })],
    [withSigmoid, 'binaryCrossEntropy'],
    [withSigmoidLayer, 'binaryCrossEntropy'],
  ],
  'binaryCrossEntropy from logits, extreme': [
    [linear, binaryCrossEntropy({ fromLogits: true })],
    [withSigmoid, 'binaryCrossEntropy'],
    [withSigmoidLayer, 'binaryCrossEntropy'],
  ],
  'hinge (targets -1/+1)': [[linear, 'hinge']],
  'klDivergence (prediction = probabilities)': [[linear, 'klDivergence']],
  'cosineSimilarity (1 - cos)': [[linear, 'cosineSimilarity']],
};

/** Sets the prediction (before the last activation); gives the cost and its gradient there. */
async function costOf([architecture, loss]: Case, prediction: ArrayLike<number>, target: GoldenLoss['target']) {
  const model = await Model.create(architecture);
  model.setParameters({ '0.dense.weight': Float32Array.from(prediction) });
  const y = target.shape.length === 1 ? Int32Array.from(target.data) : Float32Array.from(target.data);
  const { cost, gradients } = model.gradients(identity, y, { loss });
  expect(model.cost(identity, y, { loss }), 'model.cost agrees with model.gradients').toBe(cost);
  return { cost, gradient: gradients['0.dense.weight'] ?? new Float32Array() };
}

function entry(name: string): GoldenLoss {
  const found = golden[name];
  if (found === undefined) throw new Error(`no golden loss ${name}`);
  return found;
}

describe.each(Object.entries(cases))('%s', (name, variants) => {
  it.each(variants)('%j with %j', async (...variant) => {
    const { prediction, target, value, dPrediction } = entry(name);
    const { cost, gradient } = await costOf(variant, prediction.data, target);
    expectClose([cost], [value], tolerance, 'cost');
    expectClose(gradient, dPrediction.data, tolerance, 'gradient');
  });
});

it('klDivergence after softmax: the gradient is carried back to the logits', async () => {
  const { prediction, target, value, dPrediction } = entry('klDivergence (prediction = probabilities)');
  const logits = Float64Array.from(prediction.data, p => Math.log(p));
  const want = softmax.backward(logits, Float64Array.from(dPrediction.data), columns);
  for (const architecture of [withSoftmax, withSoftmaxLayer]) {
    const { cost, gradient } = await costOf([architecture, 'klDivergence'], logits, target);
    expectClose([cost], [value], tolerance, 'cost');
    expectClose(gradient, want, tolerance, 'gradient');
  }
});

it('class indices may be any integer array, and soft rows may be one-hot', async () => {
  const { prediction, target, value } = entry('sparseCategoricalCrossEntropy from logits');
  const model = await Model.create(withSoftmax);
  model.setParameters({ '0.dense.weight': Float32Array.from(prediction.data) });
  const oneHot = Float32Array.from({ length: rows * columns }, (_, i) =>
    at(target.data, Math.floor(i / columns)) === i % columns ? 1 : 0,
  );
  for (const y of [target.data, Int32Array.from(target.data), Uint8Array.from(target.data)]) {
    expectClose([model.cost(identity, y, { loss: 'sparseCategoricalCrossEntropy' })], [value], tolerance);
  }
  expectClose([model.cost(identity, oneHot, { loss: 'categoricalCrossEntropy' })], [value], tolerance);
});

it('covers every golden loss but the one with class weights, which are not offered', () => {
  expect(
    Object.keys(golden)
      .filter(name => name !== 'sparseCategoricalCrossEntropy from logits, class weights (weighted mean)')
      .sort(),
  ).toEqual(Object.keys(cases).sort());
});
