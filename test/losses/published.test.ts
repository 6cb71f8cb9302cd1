/** The costs that no golden file has, against the values that Keras's documentation prints, and what each refuses. */
import { describe, expect, it } from 'vitest';
import {
  activation,
  binaryCrossEntropy,
  focal,
  type Loss,
  Model,
  meanAbsolutePercentageError,
  quantile,
  sequential,
} from '../../src/entries/node.js';
import { at } from '../reference/activations.js';
import * as reference from '../reference/losses.js';

/** A model whose predictions are its inputs. */
const identity = (columns: number) => Model.create(sequential(columns, [activation('linear')]));

const targets = [
  [0, 1],
  [0, 0],
];
const near = [
  [0.6, 0.4],
  [0.4, 0.6],
];
const binary = { prediction: [[-18.6], [0.51], [2.94], [-12.8]], target: [[0], [1], [0], [0]] };

describe('what Keras documents', () => {
  // keras.io/api/losses: the examples of each class; all but poisson's are rounded there as they are here.
  it.each<[name: string, loss: Loss, prediction: number[][], target: number[][], printed: string]>([
    [
      'Poisson',
      'poisson',
      [
        [1, 1],
        [0, 0],
      ],
      targets,
      '0.500',
    ],
    ['SquaredHinge', 'squaredHinge', near, targets, '1.86'],
    ['CategoricalHinge', 'categoricalHinge', near, targets, '1.4'],
    ['BinaryFocalCrossentropy', focal({ fromLogits: true }), binary.prediction, binary.target, '0.691'],
    [
      'BinaryFocalCrossentropy, apply_class_balance',
      focal({ alpha: 0.25, fromLogits: true }),
      binary.prediction,
      binary.target,
      '0.51',
    ],
    ['BinaryCrossentropy', binaryCrossEntropy({ fromLogits: true }), binary.prediction, binary.target, '0.865'],
  ])('%s', async (_, loss, prediction, target, printed) => {
    const model = await identity(prediction[0]?.length ?? 0);
    const digits = printed.length - printed.indexOf('.') - 1;
    expect(model.cost(prediction, target.flat(), { loss }).toFixed(digits)).toBe(printed);
  });
});

it('a percentage is a fraction, and of a target of 0 it is what scikit-learn gives', async () => {
  const model = await identity(1);
  const loss = meanAbsolutePercentageError();
  expect(model.cost([[110], [-50]], [100, -200], { loss })).toBeCloseTo(0.425, 7);
  expect(model.cost([[1]], [0], { loss })).toBe(2 ** 52);
});

it('a quantile is least where that share of the targets lies below', async () => {
  const model = await identity(1);
  const y = [1, 2, 3, 4, 100];
  const cost = (p: number) =>
    model.cost(
      y.map(() => [p]),
      y,
      { loss: quantile({ quantile: 0.7 }) },
    );
  const best = [0.5, 1, 2, 3, 4, 5, 100].reduce((a, b) => (cost(a) <= cost(b) ? a : b));
  expect(best).toBe(4);
  expect(model.cost([[1]], [3], { loss: 'quantile' })).toBe(1);
});

it('focal with gamma 0 is binary cross-entropy', async () => {
  const model = await identity(1);
  const y = binary.target.flat();
  const crossEntropy = model.cost(binary.prediction, y, { loss: binaryCrossEntropy({ fromLogits: true }) });
  expect(model.cost(binary.prediction, y, { loss: focal({ gamma: 0, fromLogits: true }) })).toBeCloseTo(
    crossEntropy,
    6,
  );
});

it.each<[string, reference.Loss, number[]]>([
  ['focal', reference.focal(2.5, 0.3), [1, 0, 0.3, 1, 0, 0.7]],
  ['binaryCrossEntropy, smoothed', reference.smoothedBinaryCrossEntropy(0.1), [1, 0, 0.3, 1, 0, 0.7]],
  ['poisson', reference.poisson, [1, 0, 3, 2, 0, 7]],
  ['quantile', reference.quantile(0.2), [1, 0, 3, -2, 0, 7]],
  ['meanAbsolutePercentageError', reference.meanAbsolutePercentageError, [1, 0.5, 3, -2, 0.25, 7]],
  ['squaredHinge', reference.squaredHinge, [1, -1, 1, -1, -1, 1]],
  ['categoricalHinge', reference.categoricalHinge, [0, 1, 0, 0, 0, 1]],
])('the reference gradient of %s is the slope of its value', (_, loss, target) => {
  const prediction = Float64Array.of(0.7, 0.2, 0.1, 0.35, 0.3, 0.45);
  const cost = (p: Float64Array) => loss(p, Float64Array.from(target), 3).value;
  const { gradient } = loss(prediction, Float64Array.from(target), 3);
  gradient.forEach((slope, i) => {
    const moved = (by: number) => cost(prediction.with(i, at(prediction, i) + by));
    expect((moved(1e-6) - moved(-1e-6)) / 2e-6).toBeCloseTo(slope, 6);
  });
});

describe('refused', () => {
  it.each<[what: string, make: () => unknown, message: RegExp]>([
    ['gamma below 0', () => focal({ gamma: -1 }), /focal: gamma: expected a finite number >= 0, got -1/],
    ['alpha above 1', () => focal({ alpha: 1.5 }), /focal: alpha: expected a finite number >= 0 and <= 1, got 1.5/],
    ['a quantile of 1', () => quantile({ quantile: 1 }), /quantile: quantile: expected a finite number > 0 and < 1/],
    ['smoothing above 1', () => binaryCrossEntropy({ labelSmoothing: 2 }), /labelSmoothing: expected .* <= 1, got 2/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });

  it('counts below 0', async () => {
    const model = await identity(1);
    const cost = () => model.cost([[1], [2]], [1, -2], { loss: 'poisson' });
    expect(cost).toThrow('targets that are not negative, got -2 in row 1, column 0');
  });

  it('several classes in one output', async () => {
    const model = await identity(1);
    expect(() => model.cost([[1]], [1], { loss: 'categoricalHinge' })).toThrow(/at least 2 outputs/);
  });
});
